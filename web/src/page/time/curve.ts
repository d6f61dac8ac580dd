/** The curve under the scrubber: a scalar over the steps, raw and smoothed, and what stands below it. Pure drawing. */
import type { Size } from '../../pictures/paper/sheet'
import { whole } from '../numbers'
import type { Axis } from './axis'
import { middleOf, type Stretches } from './stretches'

export interface CurveColours {
  readonly ink: string
  readonly soft: string
  readonly good: string
  readonly bad: string
  readonly font: string
}

export interface CurveData {
  /** The scalar in stretches of steps. */
  readonly stretches: Stretches
  /** The steps of the frames. */
  readonly frames: readonly number[]
  /** The steps at which something happened, and whether it was something bad. */
  readonly marks: readonly { readonly step: number; readonly isBad: boolean }[]
}

/** Left and right of the curve: half the handle. */
export const INSET = 8
const TOP = 8
/** Below the curve: the marks, the frames' ticks and the steps in numbers. */
const FOOT = 31
const TICKS = 16
const LABELS_APART = 70

/** Draw the curve on a cleared canvas whose unit is the CSS pixel. */
export function drawCurve(
  context: CanvasRenderingContext2D,
  data: CurveData,
  axis: Axis,
  size: Size,
  colours: CurveColours,
): void {
  const { stretches } = data
  const scale = scaleOf(stretches.least, stretches.greatest)
  const x = (step: number) => axis.x(step)
  if (scale) {
    const y = (value: number) => TOP + (size.height - TOP - FOOT - 4) * (1 - scale(value))
    context.lineJoin = 'round'
    context.strokeStyle = colours.ink
    context.globalAlpha = 0.18
    context.lineWidth = 1
    strokeRaw(context, stretches, x, y)
    context.globalAlpha = 1
    context.lineWidth = 1.7
    strokeSmooth(context, stretches, x, y)
  }
  context.fillStyle = colours.soft
  context.globalAlpha = 0.55
  strokeTicks(context, data.frames, x, size.height - TICKS - 4)
  context.globalAlpha = 1
  for (const { step, isBad } of data.marks) {
    context.fillStyle = isBad ? colours.bad : colours.good
    context.beginPath()
    context.arc(x(step), size.height - TICKS - 9, 3, 0, 2 * Math.PI)
    context.fill()
  }
  context.fillStyle = colours.soft
  context.font = `10px ${colours.font}`
  for (const step of axis.labels(LABELS_APART)) {
    context.textAlign = step === 0 ? 'left' : step === axis.lastStep ? 'right' : 'center'
    context.fillText(whole(step), x(step), size.height - 4)
  }
}

/** A value as a height from 0 to 1: by its logarithm where values span decades. Null where there are none. */
export function scaleOf(...columns: readonly Float64Array[]): ((value: number) => number) | null {
  let [low, high] = [Infinity, -Infinity]
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  if (low > high) return null
  const isLog = low > 0 && high / low > 20
  const [from, to] = isLog ? [Math.log(low), Math.log(high)] : [Math.min(0, low), high]
  const span = to - from || 1
  return (value) => ((isLog ? Math.log(value) : value) - from) / span
}

type Place = (value: number) => number

/** Every value, but of all that share a pixel only the least and the greatest. */
function strokeRaw(context: CanvasRenderingContext2D, of: Stretches, x: Place, y: Place): void {
  context.beginPath()
  let isDown = false
  let column = -1
  let [top, foot] = [0, 0]
  const flush = () => {
    if (column < 0) return
    if (isDown) context.lineTo(column, top)
    else context.moveTo(column, top)
    isDown = true
    if (foot !== top) context.lineTo(column, foot)
  }
  for (let i = 0; i < of.count; i++) {
    if (Number.isNaN(of.mean[i])) continue
    const at = Math.round(x(middleOf(of, i)) * 2) / 2
    const [low, high] = [y(of.least[i] ?? 0), y(of.greatest[i] ?? 0)]
    if (at !== column) {
      flush()
      column = at
      top = Math.min(low, high)
      foot = Math.max(low, high)
    } else {
      top = Math.min(top, low, high)
      foot = Math.max(foot, low, high)
    }
  }
  flush()
  context.stroke()
}

/** The mean of the heights around each step, over about a fortieth of the run: no lag, and at the ends no mean. */
function strokeSmooth(context: CanvasRenderingContext2D, of: Stretches, x: Place, y: Place): void {
  const places: number[] = []
  const sums = [0]
  for (let i = 0; i < of.count; i++) {
    const mean = of.mean[i] ?? NaN
    if (Number.isNaN(mean)) continue
    places.push(x(middleOf(of, i)))
    sums.push((sums.at(-1) ?? 0) + y(mean))
  }
  const reach = Math.round(places.length / 80)
  let last = -Infinity
  context.beginPath()
  for (const [i, place] of places.entries()) {
    const isEnd = i === places.length - 1
    if (place - last < 0.5 && !isEnd) continue
    last = place
    const around = Math.min(reach, i, places.length - 1 - i)
    const sum = (sums[i + around + 1] ?? 0) - (sums[i - around] ?? 0)
    const height = sum / (2 * around + 1)
    if (i === 0) context.moveTo(place, height)
    else context.lineTo(place, height)
  }
  context.stroke()
}

/** One tick a frame; of frames that share half a pixel, one. */
function strokeTicks(
  context: CanvasRenderingContext2D,
  frames: readonly number[],
  x: Place,
  top: number,
): void {
  let last = -Infinity
  for (const step of frames) {
    const at = x(step)
    if (at - last < 0.5) continue
    last = at
    context.fillRect(at - 0.5, top, 1, 4)
  }
}

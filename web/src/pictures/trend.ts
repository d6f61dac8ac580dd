/** One statistic over the training as a small calm line, with the moments that something was said of it. */
import type { Size } from './paper/sheet'

export interface Trend {
  /** The place of each frame (CSS pixels), rising, and the value there; NaN where there is none. */
  readonly x: ArrayLike<number>
  readonly values: ArrayLike<number>
  /** As far above and below reaches a band: the spread around a mean. */
  readonly spread: ArrayLike<number> | null
  readonly scale: TrendScale
  /** Where something was said of it (CSS pixels). */
  readonly marks: readonly number[]
}

export interface TrendScale {
  readonly low: number
  readonly high: number
  readonly isLog: boolean
}

export interface TrendColours {
  readonly ink: string
  readonly line: string
  readonly mark: string
}

/** Values that span more than this are drawn by their logarithm. */
const DECADES = 20
const MARGIN = 5
const MARK = 3

/** What holds all values. By logarithm where they span decades and are all positive; a few zeros are then gaps. */
export function trendScale(values: ArrayLike<number>, spread: ArrayLike<number> | null = null): TrendScale {
  let [low, high, least] = [Infinity, -Infinity, Infinity]
  let [positive, known] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    const around = spread?.[i] ?? 0
    if (!Number.isFinite(value) || !Number.isFinite(around)) continue
    known++
    low = Math.min(low, value - around)
    high = Math.max(high, value + around)
    if (value > 0) {
      positive++
      least = Math.min(least, value)
    }
  }
  if (known === 0) return { low: 0, high: 1, isLog: false }
  const isLog = !spread && low >= 0 && positive >= 0.8 * known && high / least > DECADES
  if (isLog) return { low: least, high, isLog }
  // A scale that begins at 0 shows shares for what they are, unless that leaves a flat line at its top.
  const from = low > 0 && low < 0.7 * high ? 0 : low
  if (high > from) return { low: from, high, isLog: false }
  const around = Math.abs(high) || 1 // what never changes runs through the middle
  return { low: high - around, high: high + around, isLog: false }
}

/** The height of a value, from the top (CSS pixels); NaN where a logarithm has none. */
export function heightOf({ low, high, isLog }: TrendScale, value: number, { height }: Size): number {
  const [from, to, at] = isLog ? [Math.log(low), Math.log(high), Math.log(value)] : [low, high, value]
  const share = to > from ? (at - from) / (to - from) : 0.5
  return Number.isFinite(share) ? height - MARGIN - (height - 2 * MARGIN) * share : NaN
}

/** Draw the line on a cleared canvas whose unit is the CSS pixel. */
export function drawTrend(
  context: CanvasRenderingContext2D,
  trend: Trend,
  size: Size,
  colours: TrendColours,
): void {
  const { scale, marks } = trend
  context.strokeStyle = colours.line
  context.lineWidth = 1
  context.beginPath()
  const zero = scale.isLog || scale.low > 0 || scale.high < 0 ? size.height - 0.5 : heightOf(scale, 0, size)
  context.moveTo(0, Math.round(zero) + 0.5)
  context.lineTo(size.width, Math.round(zero) + 0.5)
  context.stroke()
  if (trend.spread) fillBand(context, trend, trend.spread, size, colours)
  context.strokeStyle = colours.ink
  context.lineWidth = 1.5
  context.lineJoin = 'round'
  strokeLine(context, trend, size)
  context.fillStyle = colours.mark
  for (const x of marks) {
    context.beginPath()
    context.arc(x, size.height - MARK - 1, MARK, 0, 2 * Math.PI)
    context.fill()
  }
}

function fillBand(
  context: CanvasRenderingContext2D,
  { x, values, scale }: Trend,
  spread: ArrayLike<number>,
  size: Size,
  { ink }: TrendColours,
): void {
  const known = Array.from({ length: x.length }, (_, i) => i).filter((i) =>
    Number.isFinite((values[i] ?? NaN) + (spread[i] ?? NaN)),
  )
  context.beginPath()
  for (const i of known) context.lineTo(x[i] ?? 0, heightOf(scale, (values[i] ?? 0) + (spread[i] ?? 0), size))
  for (const i of known.reverse())
    context.lineTo(x[i] ?? 0, heightOf(scale, (values[i] ?? 0) - (spread[i] ?? 0), size))
  context.fillStyle = ink
  context.globalAlpha = 0.12
  context.fill()
  context.globalAlpha = 1
}

/** Of all frames that share half a pixel only the lowest and the highest, so that no spike is lost. */
function strokeLine(context: CanvasRenderingContext2D, { x, values, scale }: Trend, size: Size): void {
  let isDown = false
  let [column, low, high] = [NaN, NaN, NaN]
  const flush = () => {
    if (Number.isNaN(column)) return
    if (isDown) context.lineTo(column, low)
    else context.moveTo(column, low)
    if (high !== low) context.lineTo(column, high)
    isDown = true
    column = NaN
  }
  context.beginPath()
  for (let i = 0; i < x.length; i++) {
    const y = heightOf(scale, values[i] ?? NaN, size)
    if (Number.isNaN(y)) {
      flush()
      isDown = false // a gap
      continue
    }
    const at = Math.round(2 * (x[i] ?? 0)) / 2
    if (at !== column) {
      flush()
      ;[column, low, high] = [at, y, y]
    } else {
      low = Math.min(low, y)
      high = Math.max(high, y)
    }
  }
  flush()
  context.stroke()
}

/** One scalar of several runs over each other, each with its colour and its dashes, and its name where it ends. */
import { brief } from './paper/scale'
import type { Size } from './paper/sheet'

export interface OverlayLine {
  readonly label: string
  readonly colour: string
  /** Lengths of dashes and gaps (CSS pixels); none for a solid line. */
  readonly dash: readonly number[]
  /** Where each value stands along the axis, rising. */
  readonly at: ArrayLike<number>
  /** The values; NaN where nothing was logged. */
  readonly values: ArrayLike<number>
  /** Where the clock of this run stands on the axis; NaN for nowhere. */
  readonly now: number
}

export interface OverlayColours {
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly sheet: string
  readonly font: string
}

/** Room for the numbers at the left and below, and for the names at the right. */
const ROOM = { left: 44, right: 96, top: 8, bottom: 22 } as const
const LABEL = 13
const DOT = 4

/** Draw them on a cleared canvas whose unit is the CSS pixel. A loss that spans decades has a logarithmic axis. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  lines: readonly OverlayLine[],
  size: Size,
  colours: OverlayColours,
): void {
  const plot = {
    left: ROOM.left,
    top: ROOM.top,
    width: Math.max(1, size.width - ROOM.left - Math.min(ROOM.right, size.width / 4)),
    height: Math.max(1, size.height - ROOM.top - ROOM.bottom),
  }
  const up = rangeOf(lines)
  const longest = Math.max(0, ...lines.map(({ at }) => at[at.length - 1] ?? 0))
  if (!up || longest <= 0) return
  const x = (at: number) => plot.left + (plot.width * at) / longest
  const y = (value: number) => plot.top + plot.height * (1 - up.share(value))
  writeAxes(context, up, longest, { ...plot, x, y }, colours)
  for (const line of lines) strokeLine(context, line, x, y)
  for (const line of lines) markNow(context, line, x, y, colours.sheet)
  writeNames(context, lines, { x, y }, size, colours)
}

interface Range {
  readonly low: number
  readonly high: number
  readonly isLog: boolean
  /** 0 at the bottom, 1 at the top. */
  share(value: number): number
}

/** The values of all lines; null where there are none. */
function rangeOf(lines: readonly OverlayLine[]): Range | null {
  let [low, high] = [Infinity, -Infinity]
  for (const { values } of lines) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? NaN
      if (!Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  if (low > high) return null
  const isLog = low > 0 && high / low > 30
  if (!isLog) low = Math.min(0, low)
  const [from, to] = isLog ? [Math.log(low), Math.log(high)] : [low, high]
  const span = to - from || 1
  return { low, high, isLog, share: (value) => ((isLog ? Math.log(value) : value) - from) / span }
}

interface Plot extends Size {
  readonly left: number
  readonly top: number
  readonly x: (at: number) => number
  readonly y: (value: number) => number
}

function writeAxes(
  context: CanvasRenderingContext2D,
  up: Range,
  longest: number,
  { left, top, width, height, x, y }: Plot,
  colours: OverlayColours,
): void {
  context.font = `10.5px ${colours.font}`
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  for (const value of up.isLog ? decades(up.low, up.high) : rounds(up.low, up.high, height / 44)) {
    context.fillStyle = colours.line
    context.fillRect(left, y(value), width, 1)
    context.fillStyle = colours.soft
    context.fillText(brief(value), left - 6, y(value))
  }
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  for (const at of rounds(0, longest, width / 90)) context.fillText(brief(at), x(at), top + height + 16)
}

/** Powers of ten between two values; of a short span, their halves and fifths too. */
function decades(low: number, high: number): number[] {
  const found: number[] = []
  const isShort = Math.log10(high / low) < 2.2
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
    for (const part of isShort ? [1, 2, 5] : [1]) found.push(part * 10 ** decade)
  }
  return found.filter((value) => value >= low && value <= high).map((value) => Number(value.toPrecision(6)))
}

/** Round numbers between two values, about so many. */
function rounds(low: number, high: number, about: number): number[] {
  const rough = (high - low) / Math.max(1, about)
  const decade = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((part) => part * decade >= rough) ?? 10) * decade
  const found: number[] = []
  for (let i = Math.ceil(low / step); i * step <= high && found.length < 50; i++) {
    found.push(Number((i * step).toPrecision(6)))
  }
  return found
}

type Place = (value: number) => number

function strokeLine(context: CanvasRenderingContext2D, line: OverlayLine, x: Place, y: Place): void {
  context.strokeStyle = line.colour
  context.lineWidth = 1.8
  context.lineJoin = 'round'
  context.setLineDash([...line.dash])
  context.beginPath()
  let isDown = false
  for (let i = 0; i < line.values.length; i++) {
    const value = line.values[i] ?? NaN
    if (!Number.isFinite(value)) continue
    if (isDown) context.lineTo(x(line.at[i] ?? 0), y(value))
    else context.moveTo(x(line.at[i] ?? 0), y(value))
    isDown = true
  }
  context.stroke()
  context.setLineDash([])
}

/** A point on the line where the clock of its run stands. */
function markNow(
  context: CanvasRenderingContext2D,
  { at, values, now, colour }: OverlayLine,
  x: Place,
  y: Place,
  paper: string,
): void {
  let value = NaN
  for (let i = 0; i < values.length && (at[i] ?? 0) <= now; i++) {
    if (Number.isFinite(values[i])) value = values[i] ?? NaN
  }
  if (Number.isNaN(now) || Number.isNaN(value)) return
  context.fillStyle = colour
  context.strokeStyle = paper
  context.lineWidth = 1.5
  context.beginPath()
  context.arc(x(now), y(value), DOT, 0, 2 * Math.PI)
  context.fill()
  context.stroke()
}

/** Each name beside the end of its line, and none over another. */
function writeNames(
  context: CanvasRenderingContext2D,
  lines: readonly OverlayLine[],
  { x, y }: { readonly x: Place; readonly y: Place },
  size: Size,
  colours: OverlayColours,
): void {
  const ends = lines.flatMap((line) => {
    let last = line.values.length - 1
    while (last >= 0 && !Number.isFinite(line.values[last])) last--
    return last < 0 ? [] : [{ line, x: x(line.at[last] ?? 0), y: y(line.values[last] ?? 0) }]
  })
  ends.sort((a, b) => a.y - b.y)
  context.font = `600 11px ${colours.font}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  let above = -Infinity
  for (const [i, end] of ends.entries()) {
    const below = LABEL * (ends.length - 1 - i)
    const at = Math.max(above + LABEL, Math.min(end.y, size.height - ROOM.bottom - below))
    above = at
    context.fillStyle = end.line.colour
    context.fillText(shortened(context, end.line.label, size.width - end.x - 8), end.x + 7, at)
  }
}

function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text
  let short = text
  while (short.length > 1 && context.measureText(`${short}…`).width > room) short = short.slice(0, -1)
  return `${short}…`
}

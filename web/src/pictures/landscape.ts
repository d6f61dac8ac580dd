/**
 * The loss on a plane, with the path that training took over it: colour and contour lines of its logarithm. The ground
 * is drawn once, the path again as the clock moves.
 */
import type { Pixels } from './paper/paint'
import type { Colour, Palette } from './paper/palette'
import { rampAt, type Ramp } from './paper/ramp'
import type { Size } from './paper/sheet'

export interface Ground {
  /** Points along each axis. */
  readonly side: number
  /** (row, column) laid flat, rows from the bottom up. */
  readonly loss: ArrayLike<number>
  /** What the colours go from and to, above 0. */
  readonly low: number
  readonly high: number
}

export interface LandscapeColours {
  readonly ink: string
  readonly paper: string
  readonly accent: string
  readonly font: string
}

/** Stripes on what is not finite, in pixels. */
const STRIPE = 3
/** The ground is kept nearer to the paper than its ramp, so that the path stands out. */
const STRENGTH = 0.82

/** The colour of a share of the scale. */
export function groundColour(share: number, ramp: Ramp): Colour {
  return rampAt(STRENGTH * share, ramp)
}

/** The loss as a share of its scale, by the logarithm; a loss of 0 or below is the low end. */
export function shareAt(ground: Ground, index: number): number {
  const loss = ground.loss[index] ?? NaN
  if (!Number.isFinite(loss)) return NaN
  const span = Math.log(ground.high / ground.low)
  return loss <= ground.low ? 0 : Math.min(1, Math.log(loss / ground.low) / span)
}

/** What lies between four points of the grid, at a place counted in points from the left and from the bottom. */
export function between(ground: Ground, x: number, y: number, at = shareAt): number {
  const { side } = ground
  const [column, row] = [Math.min(side - 2, Math.floor(x)), Math.min(side - 2, Math.floor(y))]
  const [u, v] = [x - column, y - row]
  const first = row * side + column
  const below = at(ground, first) * (1 - u) + at(ground, first + 1) * u
  const above = at(ground, first + side) * (1 - u) + at(ground, first + side + 1) * u
  return below * (1 - v) + above * v
}

/** Paint the colours; what is not finite has stripes. */
export function paintGround(
  ground: Ground,
  ramp: Ramp,
  palette: Palette,
  { width, height, data }: Pixels,
): void {
  const end = ground.side - 1
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const share = between(ground, ((x + 0.5) / width) * end, (1 - (y + 0.5) / height) * end)
      const isStripe = (x + y) % (2 * STRIPE) < STRIPE
      const colour = Number.isNaN(share)
        ? isStripe
          ? palette.markStripe
          : palette.mark
        : groundColour(share, ramp)
      const place = 4 * (y * width + x)
      data[place] = colour[0]
      data[place + 1] = colour[1]
      data[place + 2] = colour[2]
      data[place + 3] = 255
    }
  }
}

/** Losses to draw a line at: 1, 2 and 5 of every decade between the ends. */
export function levelsOf({ low, high }: Ground): readonly number[] {
  const levels: number[] = []
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
    for (const digit of [1, 2, 5]) {
      const level = digit * 10 ** decade
      if (level > low && level < high) levels.push(level)
    }
  }
  return levels
}

type Segment = readonly [x0: number, y0: number, x1: number, y1: number]

/**
 * Where the loss is `level`, as short lines in points of the grid: marching squares (Lorensen & Cline 1987, in two
 * dimensions), with the mean of the corners deciding at a saddle.
 */
export function contour(ground: Ground, level: number): readonly Segment[] {
  const span = Math.log(ground.high / ground.low)
  const wanted = Math.log(level / ground.low) / span
  const segments: Segment[] = []
  for (let row = 0; row < ground.side - 1; row++) {
    for (let column = 0; column < ground.side - 1; column++) {
      const first = row * ground.side + column
      const corners = [first, first + 1, first + ground.side + 1, first + ground.side].map(
        (index) => shareAt(ground, index) - wanted,
      )
      if (!corners.some(Number.isNaN)) segments.push(...inCell(column, row, corners))
    }
  }
  return segments
}

/** The corners of a cell, counterclockwise from the lower left. */
const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const

function inCell(column: number, row: number, heights: readonly number[]): Segment[] {
  const crossings = CORNERS.flatMap(([x, y], i): [number, number][] => {
    const [nextX, nextY] = CORNERS[(i + 1) % 4] ?? CORNERS[0]
    const [a, b] = [heights[i] ?? 0, heights[(i + 1) % 4] ?? 0]
    if (a < 0 === b < 0) return []
    const share = a / (a - b)
    return [[column + x + share * (nextX - x), row + y + share * (nextY - y)]]
  })
  const join = (i: number, j: number): Segment[] => {
    const [from, to] = [crossings[i], crossings[j]]
    return from && to ? [[...from, ...to]] : []
  }
  if (crossings.length < 4) return join(0, 1)
  // All four sides are crossed: the middle belongs to one pair of corners, and the other two are cut off.
  const middle = heights.reduce((sum, height) => sum + height, 0)
  return middle < 0 === (heights[0] ?? 0) < 0
    ? [...join(0, 1), ...join(2, 3)]
    : [...join(3, 0), ...join(1, 2)]
}

/** Draw the contour lines over the colours, each with its loss written once. The unit is the CSS pixel. */
export function drawContours(
  context: CanvasRenderingContext2D,
  ground: Ground,
  size: Size,
  colours: LandscapeColours,
): void {
  const end = ground.side - 1
  const x = (column: number) => (column / end) * size.width
  const y = (row: number) => size.height * (1 - row / end)
  context.font = `10.5px ${colours.font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const written: [number, number][] = []
  for (const level of levelsOf(ground)) {
    const segments = contour(ground, level)
    context.strokeStyle = colours.ink
    context.globalAlpha = 0.35
    context.lineWidth = 1
    context.beginPath()
    for (const [x0, y0, x1, y1] of segments) {
      context.moveTo(x(x0), y(y0))
      context.lineTo(x(x1), y(y1))
    }
    context.stroke()
    context.globalAlpha = 1
    const place = placeOf(segments, end, written, x, y)
    if (place) write(context, String(Number(level.toPrecision(1))), place, colours)
  }
}

/** Numbers stand at least so far apart, and from the ends (CSS pixels). */
const APART = 34

/** Where a line has its number: on the falling diagonal or near it, away from other numbers. */
function placeOf(
  segments: readonly Segment[],
  end: number,
  written: [number, number][],
  x: (column: number) => number,
  y: (row: number) => number,
): readonly [number, number] | null {
  const candidates = segments
    .map(([x0, y0]) => ({ from: Math.abs(x0 + y0 - end), at: [x(x0), y(y0)] as [number, number] }))
    .sort((a, b) => a.from - b.from)
  const isFree = ([left, top]: [number, number]) =>
    left > APART / 2 &&
    left < x(end) - APART / 2 &&
    top > 12 &&
    top < y(0) - 12 &&
    written.every(([a, b]) => Math.hypot(a - left, b - top) > APART)
  const found = candidates.find(({ at }) => isFree(at))
  if (found) written.push(found.at)
  return found?.at ?? null
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  [x, y]: readonly [number, number],
  { ink, paper }: LandscapeColours,
): void {
  context.lineJoin = 'round'
  context.lineWidth = 3
  context.strokeStyle = paper
  context.strokeText(text, x, y)
  context.fillStyle = ink
  context.fillText(text, x, y)
}

/**
 * Draw the path, and where it is at a point of it.
 *
 * @param path - x and y in turn (CSS pixels).
 * @param now - The point that is shown.
 */
export function drawPath(
  context: CanvasRenderingContext2D,
  path: ArrayLike<number>,
  now: number,
  { ink, paper, accent }: LandscapeColours,
): void {
  const points = path.length / 2
  context.lineJoin = 'round'
  context.lineCap = 'round'
  const stroke = (from: number, to: number, colour: string, width: number, alpha: number) => {
    context.strokeStyle = colour
    context.lineWidth = width
    context.globalAlpha = alpha
    context.beginPath()
    for (let i = from; i <= to; i++) context.lineTo(path[2 * i] ?? 0, path[2 * i + 1] ?? 0)
    context.stroke()
    context.globalAlpha = 1
  }
  stroke(0, points - 1, paper, 4.5, 0.75)
  stroke(now, points - 1, ink, 1.3, 0.5) // still to come
  stroke(0, now, ink, 2.2, 1)
  context.fillStyle = accent
  context.strokeStyle = paper
  context.lineWidth = 2
  context.beginPath()
  context.arc(path[2 * now] ?? 0, path[2 * now + 1] ?? 0, 7, 0, 2 * Math.PI)
  context.fill()
  context.stroke()
}

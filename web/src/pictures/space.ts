/**
 * What a model answers on a plane of inputs: shaded maps of one value or of classes, the lines where the answer turns,
 * and points laid over. A map is (row, column): the second input grows with the row, and is drawn upwards.
 */
import { colourOf, type Colour, type Palette } from './paper/palette'
import type { Size } from './paper/sheet'

/** What is not finite is this share. */
const BROKEN = NaN

/** Colours of shares from -1 to 1, so many steps each way: mixing one for each place would take too long. */
const STEPS = 256

export type Wash = readonly Colour[]

/** A table of the colours of a palette, for `shade`. */
export function washOf(palette: Palette): Wash {
  return Array.from({ length: 2 * STEPS + 1 }, (_, i) => colourOf((i - STEPS) / STEPS, palette))
}

/** The values of a map and what one is worth as a share of its scale; laid over or subtracted: another frame's. */
export interface Field {
  readonly codes: ArrayLike<number>
  readonly gain: number
  readonly base: { readonly codes: ArrayLike<number>; readonly gain: number; readonly veil: number } | null
}

/** Shade a map of `side` × `side` codes into pixels of that size. A code beyond ±32,766 is not finite. */
export function shadeField(
  { codes, gain, base }: Field,
  side: number,
  wash: Wash,
  palette: Palette,
  pixels: Uint8ClampedArray,
): void {
  const isLaidOver = base !== null && base.veil > 0
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const from = row * side + column
      const share = shareOf(codes[from] ?? 0, gain)
      const before = base ? shareOf(base.codes[from] ?? 0, base.gain) : 0
      const colour = colourIn(wash, isLaidOver ? share : share - before, palette)
      const under = isLaidOver ? colourIn(wash, before, palette) : colour
      put(pixels, 4 * ((side - 1 - row) * side + column), colour, under, isLaidOver ? base.veil : 0)
    }
  }
}

function shareOf(code: number, gain: number): number {
  return Math.abs(code) > 32_766 ? BROKEN : code * gain
}

function colourIn(wash: Wash, share: number, palette: Palette): Colour {
  if (Number.isNaN(share)) return palette.mark
  return wash[Math.round(STEPS * Math.max(-1, Math.min(1, share))) + STEPS] ?? palette.zero
}

function put(pixels: Uint8ClampedArray, at: number, over: Colour, under: Colour, veil: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const colour = over[channel] ?? 0
    pixels[at + channel] = colour + ((under[channel] ?? 0) - colour) * veil
  }
  pixels[at + 3] = 255
}

/** Which class is read at every place, -1 where none is, and how surely: 0 for a tie, 1 for certain. */
export interface Regions {
  readonly best: Int16Array
  readonly sureness: Float32Array
}

/** How deep the colour of a class is where the model is certain: points of that colour still stand out. */
const DEEPEST = 0.72

/**
 * Shade the regions of the classes.
 *
 * @param before - The regions of another frame: then only what is read otherwise now is shaded.
 */
export function shadeRegions(
  { best, sureness }: Regions,
  before: Regions | null,
  side: number,
  colours: readonly Colour[],
  palette: Palette,
  pixels: Uint8ClampedArray,
): void {
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const from = row * side + column
      const label = best[from] ?? -1
      const isShown = !before || before.best[from] !== label
      const colour = label < 0 ? palette.mark : (colours[label % colours.length] ?? palette.zero)
      const depth = label < 0 ? 1 : isShown ? DEEPEST * Math.max(0.04, sureness[from] ?? 0) : 0
      put(pixels, 4 * ((side - 1 - row) * side + column), palette.zero, colour, depth)
    }
  }
}

/**
 * The lines where a map crosses 0, as segments: x and y of both ends in turn, in places of the map. Between two places
 * the value is taken to change evenly ("marching squares", Lorensen & Cline 1987 in the plane).
 */
export function contourOf(values: ArrayLike<number>, side: number): Float32Array {
  const found: number[] = []
  const ends: number[] = []
  for (let row = 0; row + 1 < side; row++) {
    for (let column = 0; column + 1 < side; column++) {
      const at = row * side + column
      const a = values[at] ?? NaN
      const b = values[at + 1] ?? NaN
      const c = values[at + side + 1] ?? NaN
      const d = values[at + side] ?? NaN
      if (a > 0 === b > 0 && b > 0 === c > 0 && c > 0 === d > 0) continue
      if (!Number.isFinite(a + b + c + d)) continue
      ends.length = 0
      if (a > 0 !== b > 0) ends.push(column + a / (a - b), row)
      if (b > 0 !== c > 0) ends.push(column + 1, row + b / (b - c))
      if (c > 0 !== d > 0) ends.push(column + d / (d - c), row + 1)
      if (d > 0 !== a > 0) ends.push(column, row + a / (a - d))
      for (let i = 0; i + 3 < ends.length; i += 4) {
        found.push(ends[i] ?? 0, ends[i + 1] ?? 0, ends[i + 2] ?? 0, ends[i + 3] ?? 0)
      }
    }
  }
  return Float32Array.from(found)
}

export interface Point {
  /** Where it stands: 0 to 1 from left to right and from bottom to top. */
  readonly x: number
  readonly y: number
  readonly colour: string
  /** Whether the model reads it as what it is not: such a point is hollow. */
  readonly isWrong: boolean
  readonly isChosen: boolean
}

export interface Plane {
  /** The shaded map, one pixel a place. */
  readonly shading: CanvasImageSource
  readonly side: number
  readonly contours: readonly Float32Array[]
  /** Those of the frame that is laid over. */
  readonly contoursBefore: readonly Float32Array[]
  readonly points: readonly Point[]
}

export interface PlaneColours {
  readonly ink: string
  readonly sheet: string
}

/** Draw the plane on a cleared canvas whose unit is the CSS pixel. */
export function drawPlane(
  context: CanvasRenderingContext2D,
  { shading, side, contours, contoursBefore, points }: Plane,
  size: Size,
  colours: PlaneColours,
): void {
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = 'high'
  // The first and last places stand on the edges: half a pixel of each lies outside.
  context.drawImage(shading, 0.5, 0.5, side - 1, side - 1, 0, 0, size.width, size.height)
  context.strokeStyle = colours.ink
  context.lineCap = 'round'
  context.globalAlpha = 0.55
  context.lineWidth = 1.2
  context.setLineDash([2, 4])
  for (const contour of contoursBefore) strokeContour(context, contour, side, size)
  context.setLineDash([])
  context.globalAlpha = 0.85
  context.lineWidth = 1.6
  for (const contour of contours) strokeContour(context, contour, side, size)
  context.globalAlpha = 1
  for (const point of points) drawPoint(context, point, size, colours)
}

function strokeContour(
  context: CanvasRenderingContext2D,
  contour: Float32Array,
  side: number,
  { width, height }: Size,
): void {
  const [wide, high] = [width / (side - 1), height / (side - 1)]
  context.beginPath()
  for (let i = 0; i + 3 < contour.length; i += 4) {
    context.moveTo((contour[i] ?? 0) * wide, height - (contour[i + 1] ?? 0) * high)
    context.lineTo((contour[i + 2] ?? 0) * wide, height - (contour[i + 3] ?? 0) * high)
  }
  context.stroke()
}

const RADIUS = 4.6

function drawPoint(
  context: CanvasRenderingContext2D,
  { x, y, colour, isWrong, isChosen }: Point,
  { width, height }: Size,
  { ink, sheet }: PlaneColours,
): void {
  const [left, top] = [x * width, (1 - y) * height]
  context.beginPath()
  context.arc(left, top, RADIUS, 0, 2 * Math.PI)
  context.fillStyle = isWrong ? sheet : colour
  context.fill()
  context.strokeStyle = isWrong ? colour : sheet
  context.lineWidth = isWrong ? 2.4 : 1.4
  context.stroke()
  if (!isChosen) return
  context.strokeStyle = ink
  context.lineWidth = 2
  context.beginPath()
  context.arc(left, top, RADIUS + 4, 0, 2 * Math.PI)
  context.stroke()
}

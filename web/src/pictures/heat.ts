/**
 * A strip over time: a row for each layer, a column for each frame, the colour one number of that layer at that frame.
 * Drawn once for all frames; the clock moves over it.
 */
import type { Pixels } from './paper/paint'
import type { Colour, Palette } from './paper/palette'
import { rampAt, type Ramp } from './paper/ramp'

export interface Heat {
  readonly rows: number
  /** (row, frame) laid flat: a share of the scale, 0 to 1; NaN where there is nothing, Infinity for what is not finite. */
  readonly shares: Float32Array
  /** Where each frame begins, and at last where the newest one ends (pixels, rising). */
  readonly edges: ArrayLike<number>
}

/** Stripes on what is not finite, in pixels. */
const STRIPE = 3
/** Rows at least this high (pixels) have a line of paper between them. */
const SPACED = 5

/** Draw it. Of frames that share a pixel the largest value shows, and what is not finite before all others. */
export function drawHeat(heat: Heat, ramp: Ramp, palette: Palette, pixels: Pixels): void {
  const { rows, shares, edges } = heat
  const { width, height, data } = pixels
  const frames = Math.max(0, edges.length - 1)
  data.fill(0)
  const found = new Float32Array(rows)
  let first = 0
  for (let x = 0; x < width; x++) {
    while (first < frames && (edges[first + 1] ?? 0) <= x) first++
    found.fill(NaN)
    for (let frame = first; frame < frames && (edges[frame] ?? 0) < x + 1; frame++) {
      for (let row = 0; row < rows; row++) {
        const share = shares[row * frames + frame] ?? NaN
        if (!(share <= (found[row] ?? NaN))) found[row] = Number.isNaN(share) ? (found[row] ?? NaN) : share
      }
    }
    for (let row = 0; row < rows; row++) {
      const share = found[row] ?? NaN
      if (!Number.isNaN(share)) fillCell(pixels, x, row, rows, height, share, ramp, palette)
    }
  }
}

/** The part of one row in one column of pixels. */
function fillCell(
  { width, data }: Pixels,
  x: number,
  row: number,
  rows: number,
  height: number,
  share: number,
  ramp: Ramp,
  palette: Palette,
): void {
  const [top, floor] = [Math.round((row * height) / rows), Math.round(((row + 1) * height) / rows)]
  const end = floor - top >= SPACED ? floor - 1 : floor
  const colour = rampAt(share, ramp)
  for (let y = top; y < end; y++) {
    const isStripe = (x + y) % (2 * STRIPE) < STRIPE
    put(data, 4 * (y * width + x), share < Infinity ? colour : isStripe ? palette.markStripe : palette.mark)
  }
}

function put(data: Uint8ClampedArray, at: number, [red, green, blue]: Colour): void {
  data[at] = red
  data[at + 1] = green
  data[at + 2] = blue
  data[at + 3] = 255
}

/** Paints a sheet into pixels without a graphics card: for one picture, for tests, and where WebGL2 is missing. */
import { MINUS_INFINITY, NOT_A_NUMBER, PLUS_INFINITY } from '../../run/codes'
import { colourOf, type Colour, type Palette } from './palette'
import { valueAt, type Sheet } from './sheet'

/** What is painted: the codes of a flat row, and what one code is worth as a share of the colour scale. */
export interface Ink {
  readonly codes: Int16Array
  /** Value of one code divided by the end of the scale. For `rgb`: divided by the range of the image. */
  readonly gain: number
  /** Added to every share, of a difference too; for `rgb`, so that the darkest value is 0. */
  readonly bias: number
  /** Another frame: subtracted where its veil is 0, else laid over, so much of it showing through. */
  readonly base: { readonly codes: Int16Array; readonly gain: number; readonly veil: number } | null
}

export interface Pixels {
  readonly width: number
  readonly height: number
  /** Four bytes a pixel, as `ImageData` has them. */
  readonly data: Uint8ClampedArray
}

/** Stripes on what is not finite, in pixels. */
const STRIPE = 3

export function paint(sheet: Sheet, ink: Ink, palette: Palette, pixels: Pixels): void {
  const { width, height, data } = pixels
  const isBars = sheet.kind === 'bars' || sheet.kind === 'columns'
  for (let y = 0; y < height; y++) {
    const up = 1 - (y + 0.5) / height
    for (let x = 0; x < width; x++) {
      const column = Math.floor(((x + 0.5) / width) * sheet.columns)
      const row = isBars ? 0 : Math.floor(((y + 0.5) / height) * sheet.rows)
      const colour = colourAt(
        sheet,
        ink,
        palette,
        valueAt(sheet, column, row),
        up,
        (x + y) % (2 * STRIPE) < STRIPE,
      )
      const at = 4 * (y * width + x)
      data[at + 3] = colour ? 255 : 0
      if (colour) for (let channel = 0; channel < 3; channel++) data[at + channel] = colour[channel] ?? 0
    }
  }
}

/** What one value is worth as a share of the scale; NaN where it is not finite. */
export function shareOf(ink: Ink, index: number): number {
  const code = ink.codes[index] ?? NOT_A_NUMBER
  if (isMarked(code)) return NaN
  if (!ink.base || ink.base.veil > 0) return code * ink.gain + ink.bias
  const before = ink.base.codes[index] ?? NOT_A_NUMBER
  return isMarked(before) ? NaN : code * ink.gain - before * ink.base.gain + ink.bias
}

function colourAt(
  sheet: Sheet,
  ink: Ink,
  palette: Palette,
  index: number,
  up: number,
  isStripe: boolean,
): Colour | null {
  if (index < 0) return null
  const { base } = ink
  if (base && base.veil > 0) {
    const below = colourAt(sheet, { ...ink, base: null }, palette, index, up, isStripe)
    const over = colourAt(sheet, { ...base, bias: ink.bias, base: null }, palette, index, up, isStripe)
    return below && over && mixed(below, over, base.veil)
  }
  const share = shareOf(ink, index)
  if (Number.isNaN(share)) return isStripe ? palette.markStripe : palette.mark
  switch (sheet.kind) {
    case 'heat':
      return colourOf(share, palette)
    case 'rgb': {
      const { channel } = sheet.steps
      const [green, blue] = [shareOf(ink, index + channel), shareOf(ink, index + 2 * channel)]
      if (Number.isNaN(green + blue)) return isStripe ? palette.markStripe : palette.mark
      return [255 * share, 255 * green, 255 * blue].map(inBytes) as [number, number, number]
    }
    case 'bars':
      return barAt(share, 2 * up - 1, palette)
    case 'columns':
      return barAt(share, up, palette)
  }
}

/** Before two colours are mixed, as the shader does. */
function inBytes(value: number): number {
  return Math.max(0, Math.min(255, value))
}

function mixed(a: Colour, b: Colour, share: number): Colour {
  return [0, 1, 2].map((i) => (a[i] ?? 0) + ((b[i] ?? 0) - (a[i] ?? 0)) * share) as [number, number, number]
}

/** A bar from the line at height 0 up to a positive share and down to a negative one. */
function barAt(share: number, height: number, palette: Palette): Colour | null {
  const isInside = share < 0 ? height <= 0 && height >= share : height >= 0 && height <= share
  return isInside ? (share < 0 ? palette.negative : palette.positive) : palette.zero
}

function isMarked(code: number): boolean {
  return code === NOT_A_NUMBER || code === PLUS_INFINITY || code === MINUS_INFINITY
}

/**
 * Colours: blue below zero, orange above, and the colour of the paper at zero. Told apart with every common colour
 * blindness, and by lightness alone from what is not finite, which is marked with stripes.
 */

export type Colour = readonly [red: number, green: number, blue: number]

export interface Palette {
  readonly negative: Colour
  readonly zero: Colour
  readonly positive: Colour
  /** What is not finite: stripes of these two. */
  readonly mark: Colour
  readonly markStripe: Colour
}

export const PALETTES: { readonly light: Palette; readonly dark: Palette } = {
  light: {
    negative: [44, 105, 176],
    zero: [255, 254, 251],
    positive: [214, 96, 22],
    mark: [196, 0, 122],
    markStripe: [29, 29, 31],
  },
  dark: {
    negative: [86, 156, 240],
    zero: [27, 29, 34],
    positive: [255, 150, 60],
    mark: [255, 79, 190],
    markStripe: [236, 235, 230],
  },
}

/**
 * The colour of a share of the scale, from -1 to 1; beyond, it stays that of the end.
 *
 * The signed root spreads the many small values of a network, which a straight scale leaves at the colour of zero.
 */
export function colourOf(share: number, palette: Palette): Colour {
  const pole = share < 0 ? palette.negative : palette.positive
  const depth = Math.sqrt(Math.min(1, Math.abs(share)))
  const mixed = palette.zero.map((zero, i) => zero + ((pole[i] ?? 0) - zero) * depth)
  return [mixed[0] ?? 0, mixed[1] ?? 0, mixed[2] ?? 0]
}

export function css([red, green, blue]: Colour): string {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`
}

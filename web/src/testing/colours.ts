/** How colours look: their lightness, how far apart they are, and to eyes that miss one kind of cone. */
import type { Colour } from '../pictures/paper/palette'

type Matrix = readonly (readonly [number, number, number])[]

const NORMAL: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]

/**
 * Linear sRGB as those see it who miss the long, the middle or the short cones. Machado, Oliveira & Fernandes (2009),
 * "A physiologically-based model for simulation of color vision deficiency", table 1, severity 1.0.
 */
export const EYES: Readonly<Record<string, Matrix>> = {
  normal: NORMAL,
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** sRGB to linear light (IEC 61966-2-1) and to XYZ, D65. */
const TO_XYZ: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
]
const WHITE = [0.95047, 1, 1.08883] as const

function linear(channel: number): number {
  const share = channel / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

function times(matrix: Matrix, [x, y, z]: Colour): Colour {
  const [a = 0, b = 0, c = 0] = matrix.map((row) => row[0] * x + row[1] * y + row[2] * z)
  return [a, b, c]
}

/** CIE L*a*b* of a colour, as these eyes see it. */
export function labOf([red, green, blue]: Colour, eyes: Matrix = NORMAL): Colour {
  const seen = times(eyes, [linear(red), linear(green), linear(blue)])
  const inside = seen.map((share) => Math.max(0, Math.min(1, share)))
  const xyz = times(TO_XYZ, [inside[0] ?? 0, inside[1] ?? 0, inside[2] ?? 0])
  const root = (share: number) => (share > 216 / 24389 ? Math.cbrt(share) : (841 / 108) * share + 4 / 29)
  const [x = 0, y = 0, z = 0] = xyz.map((value, i) => root(value / (WHITE[i] ?? 1)))
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

export function lightness(colour: Colour): number {
  return labOf(colour)[0]
}

/** How different two colours look (ΔE 1976): 2.3 is just noticed. */
export function apart(a: Colour, b: Colour, eyes: Matrix = NORMAL): number {
  const [one, other] = [labOf(a, eyes), labOf(b, eyes)]
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])
}

/**
 * Colours for what has a size and no sign, such as a norm: from the paper through orange to plum, lightness going one
 * way all along, so that it is read with every colour blindness and in grey.
 */
import type { Colour } from './palette'

export type Ramp = readonly Colour[]

export const RAMPS: { readonly light: Ramp; readonly dark: Ramp } = {
  light: [
    [240, 237, 228],
    [247, 203, 148],
    [226, 126, 48],
    [166, 56, 62],
    [66, 20, 74],
  ],
  dark: [
    [38, 36, 46],
    [92, 42, 92],
    [190, 72, 70],
    [248, 152, 66],
    [255, 236, 196],
  ],
}

/** The colour of a share of the scale, 0 to 1; beyond, that of the end. */
export function rampAt(share: number, ramp: Ramp): Colour {
  const place = Math.min(1, Math.max(0, share)) * (ramp.length - 1)
  const i = Math.min(ramp.length - 2, Math.floor(place))
  const [low, high] = [ramp[i] ?? [0, 0, 0], ramp[i + 1] ?? [0, 0, 0]]
  const mix = (channel: 0 | 1 | 2) => low[channel] + (high[channel] - low[channel]) * (place - i)
  return [mix(0), mix(1), mix(2)]
}

/**
 * A colour for an update ratio, ‖w − w′‖ / ‖w′‖ of one step: pale for layers that rest, deep for those that move. It runs
 * from light to dark in one direction (on dark paper from dark to light), so that no colour blindness mixes it up.
 */
import { css, type Colour } from './palette'

/** Where the scale begins and ends, as powers of ten. One step usually changes weights by a thousandth. */
export const RATIO_SCALE = { least: -5, most: -1, usual: -3 } as const

const STOPS: Readonly<Record<'light' | 'dark', readonly Colour[]>> = {
  light: [
    [228, 232, 226],
    [172, 205, 204],
    [98, 160, 182],
    [46, 104, 148],
    [28, 48, 96],
  ],
  dark: [
    [42, 46, 54],
    [38, 78, 106],
    [52, 124, 156],
    [116, 180, 196],
    [222, 240, 232],
  ],
}

/** Neighbouring ratios share a colour: blocks that hardly change are not painted anew. */
const SHADES = 32

/** Where a ratio stands on the scale, from 0 to 1; NaN where it is not known. */
export function ratioShare(ratio: number): number {
  const { least, most } = RATIO_SCALE
  if (!(ratio >= 0)) return NaN
  return Math.max(0, Math.min(1, (Math.log10(Math.max(ratio, 1e-12)) - least) / (most - least)))
}

/** The colour of a share of the scale. */
export function ratioColour(share: number, theme: 'light' | 'dark'): string {
  const stops = STOPS[theme]
  const at = (Math.round(share * SHADES) / SHADES) * (stops.length - 1)
  const [low, high] = [stops[Math.floor(at)], stops[Math.ceil(at)]]
  if (!low || !high) return 'transparent'
  const mix = (channel: 0 | 1 | 2) => low[channel] + (high[channel] - low[channel]) * (at % 1)
  return css([mix(0), mix(1), mix(2)])
}

/** Whether words on a share of the scale are written in the light ink. */
export function isDeep(share: number, theme: 'light' | 'dark'): boolean {
  return theme === 'light' ? share > 0.55 : share < 0.62
}

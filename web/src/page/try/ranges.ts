/** Between which values the probes lie: what a pen, a slider or an uploaded image is measured by. */
import { size } from '../../run/fields'
import type { ProbeArray } from '../../run/manifest'
import type { Values } from '../../run/values'

export interface Range {
  readonly low: number
  readonly high: number
}

/** How a viewer gives an input: draws it, moves sliders, writes tokens; or not at all, and it stays the probe's. */
export type Kind = 'image' | 'table' | 'tokens' | 'fixed'

/** More sliders than this are no help. */
export const MOST_SLIDERS = 24

export function kindOf(input: ProbeArray): Kind {
  const values = size(input.shape.slice(1))
  if (input.isImage) return 'image'
  if (/^u?int/.test(input.dtype)) return input.shape.length <= 2 ? 'tokens' : 'fixed'
  return input.shape.length <= 2 && values > 0 && /^float/.test(input.dtype) ? 'table' : 'fixed'
}

/** How many channels an image has, and its sides. */
export function imageSize({ shape }: ProbeArray): { channels: number; height: number; width: number } {
  const [height = 1, width = 1] = shape.slice(-2)
  return { channels: shape.length === 4 ? (shape[1] ?? 1) : 1, height, width }
}

/** The range of each part of an example over all probes: of an image each channel, of a table each column. */
export function rangesOf(input: ProbeArray, values: Values): readonly Range[] {
  const perProbe = size(input.shape.slice(1))
  const parts = input.isImage ? imageSize(input).channels : perProbe
  const length = perProbe / Math.max(1, parts)
  const lows = new Array<number>(parts).fill(Infinity)
  const highs = new Array<number>(parts).fill(-Infinity)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (!Number.isFinite(value)) continue
    const part = Math.floor((i % perProbe) / length)
    if (value < (lows[part] ?? 0)) lows[part] = value
    if (value > (highs[part] ?? 0)) highs[part] = value
  }
  return lows.map((low, i) => {
    const high = highs[i] ?? low
    return high > low
      ? { low, high }
      : { low: Number.isFinite(low) ? low - 1 : -1, high: Number.isFinite(low) ? low + 1 : 1 }
  })
}

/** The input of one probe. */
export function exampleOf(input: ProbeArray, values: Values, probe: number): Values {
  const perProbe = size(input.shape.slice(1))
  return values.slice(probe * perProbe, (probe + 1) * perProbe)
}

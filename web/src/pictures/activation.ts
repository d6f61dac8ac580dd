/** What a layer made of one probe: feature maps as a sheet of tiles, a sequence as a grid, a vector as a strip. */
import { times, type Picture, type Subject } from './paper/picture'
import { arrange, matrix, tiled, type Sheet, type Size } from './paper/sheet'

/** A vector up to this long is one row. */
const LONGEST_STRIP = 96

export const picture: Picture = {
  name: 'activation',

  suits: (tensor) => (tensor.role === 'activation' ? 2 : 0),

  draw(subject, size) {
    const { start, kept } = ofProbe(subject)
    const [first = 1, second = 1] = kept
    if (kept.length <= 1) return strip(start, first, size)
    if (kept.length === 2) return matrix(start, first, second)
    return maps(start, kept, size)
  },

  caption: (tensor) => times(tensor.shape.slice(1)) || 'one value',
}

/** Where the chosen probe's values begin, and their shape. What has no row a probe is shown whole. */
export function ofProbe({ tensor, probe, probes }: Subject): { start: number; kept: readonly number[] } {
  if (!hasProbes(tensor, probes)) return { start: tensor.offset, kept: tensor.kept }
  const kept = tensor.kept.slice(1)
  const values = kept.reduce((product, length) => product * length, 1)
  return { start: tensor.offset + Math.min(probe, probes - 1) * values, kept }
}

/** Whether the first axis is the probes: a table of positions, say, has none. */
export function hasProbes(tensor: Subject['tensor'], probes: number): boolean {
  return tensor.role === 'activation' && probes > 0 && tensor.shape[0] === probes
}

function strip(start: number, values: number, size: Size): Sheet {
  const wide = { width: 4 * size.width, height: size.height } // a strip stays flat
  const across = values <= LONGEST_STRIP ? values : arrange(values, 1, 1, 0, wide)
  return tiled({ start, tiles: values, across, tileRows: 1, tileColumns: 1, gap: 0 })
}

/** One tile a channel (or head); axes before the last three follow each other. */
function maps(start: number, kept: readonly number[], size: Size): Sheet {
  const tileColumns = kept.at(-1) ?? 1
  const tileRows = kept.at(-2) ?? 1
  const tiles = kept.slice(0, -2).reduce((product, length) => product * length, 1)
  if (tileColumns * tileRows === 1) return strip(start, tiles, size)
  const across = arrange(tiles, tileColumns, tileRows, 1, size)
  return tiled({ start, tiles, across, tileRows, tileColumns, gap: 1 })
}

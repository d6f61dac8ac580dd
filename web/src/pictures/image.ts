/** The input of a probe: an image where it is one, else its values as a strip or a grid. */
import type { ProbeArray } from '../run/manifest'
import { arrange, matrix, tiled, type Sheet, type Size } from './paper/sheet'

/** How an input is looked at: as a photograph, as a drawing on paper, or as values on the colour scale. */
export type InputKind = 'colour' | 'grey' | 'drawing' | 'values'

/** Lay the input of one probe out; the values of all probes lie end to end from `start`. */
export function drawInput(
  input: ProbeArray,
  kind: InputKind,
  probe: number,
  start: number,
  size: Size,
): Sheet {
  const shape = input.shape.slice(1)
  const values = shape.reduce((product, length) => product * length, 1)
  const from = start + probe * values
  const rows = shape.at(-2) ?? 1
  const columns = shape.at(-1) ?? 1
  if (shape.length < 2) {
    const across = values <= 16 ? values : arrange(values, 1, 1, 0, size)
    return tiled({ start: from, tiles: values, across, tileRows: 1, tileColumns: 1, gap: 0 })
  }
  const channels = values / (rows * columns)
  if (kind === 'colour' || kind === 'grey') {
    const sheet = matrix(from, rows, columns, 'rgb')
    // The three colours of a grey image are one and the same value.
    return { ...sheet, steps: { ...sheet.steps, channel: kind === 'colour' ? rows * columns : 0 } }
  }
  if (channels === 1) return matrix(from, rows, columns)
  const across = arrange(channels, columns, rows, 1, size)
  return tiled({ start: from, tiles: channels, across, tileRows: rows, tileColumns: columns, gap: 1 })
}

/** What the kept values of an array come to, and how they are laid out. */
import { arrange, matrix, tiled, type Sheet, type Size } from '../../pictures/paper/sheet'

export interface Figures {
  readonly least: number
  readonly mean: number
  readonly most: number
  /** The square root of the sum of squares. */
  readonly norm: number
  /** How many are not finite. */
  readonly broken: number
}

/** Of the finite values; NaN where there is none. */
export function figuresOf(values: Float32Array): Figures {
  let [least, most, sum, squares, count] = [Infinity, -Infinity, 0, 0, 0]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < least) least = value
    if (value > most) most = value
    sum += value
    squares += value * value
    count++
  }
  const none = count === 0
  return {
    least: none ? NaN : least,
    mean: none ? NaN : sum / count,
    most: none ? NaN : most,
    norm: none ? NaN : Math.sqrt(squares),
    broken: values.length - count,
  }
}

/**
 * One axis as bars, two as a matrix, and of more a tile for each of the last two, as the pictures of the run's own tensors
 * are. The values begin at the first.
 */
export function sheetOf(kept: readonly number[], room: Size): Sheet {
  const count = kept.reduce((product, length) => product * length, 1)
  const [rows = 1, columns = 1] = kept.slice(-2)
  if (kept.length < 2) return matrix(0, 1, count, 'bars')
  if (rows * columns === 1) return matrix(0, kept[0] ?? 1, count / (kept[0] ?? 1)) // a 1 × 1 convolution is a matrix
  const tiles = count / (rows * columns)
  const across = arrange(tiles, columns, rows, tiles > 1 ? 1 : 0, room)
  return tiled({ start: 0, tiles, across, tileRows: rows, tileColumns: columns, gap: tiles > 1 ? 1 : 0 })
}

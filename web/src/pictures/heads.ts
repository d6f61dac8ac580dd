/**
 * The packed weights of an attention layer, taken apart: queries, keys and values side by side, a row for each head.
 *
 * Packed as `torch.nn.MultiheadAttention` and GPT-2 do: all queries, then all keys, then all values, and in each the
 * heads one after the other.
 */
import type { TensorEntry } from '../run/manifest'
import { times, type Picture } from './paper/picture'
import { matrix, tiled, type Sheet } from './paper/sheet'

/** What such weights are called. A matrix of the right shape under another name may be anything. */
const PACKED = /(?:^|[._])(?:in_proj|c_attn|qkv|wqkv)(?:[._]|$)/i

export const PARTS = ['queries', 'keys', 'values'] as const

export const picture: Picture = {
  name: 'heads',

  suits: (tensor) => (tensor.role !== 'activation' && packedAxis(tensor) >= 0 ? 3 : 0),

  draw({ tensor, heads }) {
    const axis = packedAxis(tensor)
    const tiles = PARTS.length * headsShown(tensor, heads)
    const [rows = 1, columns = 1] = tensor.kept
    return axis === 1 ? besides(tensor, rows, columns, tiles) : below(tensor, rows, columns, tiles)
  },

  caption: (tensor) => `${times(tensor.shape)}, queries, keys and values`,
}

/**
 * The axis along which three matrices are packed; -1 where they are not. Only where the kept values show where one ends:
 * a stride that steps over the border would put values of one into the tile of the next.
 */
function packedAxis({ name, shape, strides }: TensorEntry): number {
  if (shape.length !== 2 || !PACKED.test(name)) return -1
  const axis = shape[0] === 3 * (shape[1] ?? 0) ? 0 : shape[1] === 3 * (shape[0] ?? 0) ? 1 : -1
  const each = (shape[axis] ?? 0) / 3
  return each > 0 && each % (strides[axis] ?? 1) === 0 ? axis : -1
}

/** How many heads are drawn apart: all, where the kept values show where each ends; else one for all. */
export function headsShown(tensor: TensorEntry, heads = 1): number {
  const axis = packedAxis(tensor)
  const each = (tensor.shape[axis] ?? 0) / PARTS.length / heads
  return Number.isInteger(each / (tensor.strides[axis] ?? 1)) && each > 0 ? heads : 1
}

/** Outputs are rows: the tiles follow each other in memory, and a part becomes a column of them. */
function below(tensor: TensorEntry, rows: number, columns: number, tiles: number): Sheet {
  const tileRows = rows / tiles
  const tile = tileRows * columns
  const steps = { tileAcross: (tiles / PARTS.length) * tile, tileDown: tile }
  return tiled({
    start: tensor.offset,
    tiles,
    across: PARTS.length,
    tileRows,
    tileColumns: columns,
    gap: 1,
    steps,
  })
}

/** Outputs are columns (GPT-2's own way): a part becomes a row of tiles, and a head a column. */
function besides(tensor: TensorEntry, rows: number, columns: number, tiles: number): Sheet {
  if (tiles === 0) return matrix(tensor.offset, rows, columns)
  const tileColumns = columns / tiles
  const across = tiles / PARTS.length
  return tiled({
    start: tensor.offset,
    tiles,
    across,
    tileRows: rows,
    tileColumns,
    gap: 1,
    steps: { tileAcross: tileColumns, tileDown: across * tileColumns, row: columns },
  })
}

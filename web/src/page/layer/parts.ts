/** The parts of a tensor that a person calls one thing: a filter, a row, a channel of one probe. */
import { ofProbe } from '../../pictures/activation'
import { arrange, matrix, tiled, type Sheet, type Size } from '../../pictures/paper/sheet'
import { valueOf } from '../../run/codes'
import { size } from '../../run/fields'
import type { TensorEntry } from '../../run/manifest'
import type { Moment } from './moments.svelte'
import type { Tile } from './ways'

export interface Parts {
  readonly count: number
  /** Kept values in each. */
  readonly width: number
  /** Where the first begins, counted from the tensor's own first value. */
  readonly start: number
  /** From the number of a part to its index in the whole tensor. */
  readonly stride: number
}

/** A vector is one part; of all else, each index of the first axis is one (of an activation, after the probe). */
export function partsOf(tensor: TensorEntry, probe: number, probes: number): Parts {
  const { start, kept } = ofProbe({ tensor, probe, probes })
  const width = size(kept.slice(1))
  const stride = tensor.strides[tensor.strides.length - kept.length] ?? 1
  const isVector = kept.length < 2 || width === 1
  return isVector
    ? { count: 1, width: size(kept), start: start - tensor.offset, stride: 1 }
    : { count: kept[0] ?? 1, width, start: start - tensor.offset, stride }
}

/** Which part a place of the flat row belongs to; -1 where it is none of the chosen probe. */
export function partAt(parts: Parts, tensor: TensorEntry, place: number): number {
  const part = Math.floor((place - tensor.offset - parts.start) / Math.max(1, parts.width))
  return part >= 0 && part < parts.count ? part : -1
}

/** The part that differs most between two moments, by the root of the sum of squares; -1 where none is known. */
export function movedMost(parts: Parts, from: Moment, to: Moment): number {
  let [best, most] = [-1, -1]
  for (let part = 0; part < parts.count; part++) {
    const first = parts.start + part * parts.width
    let sum = 0
    for (let i = first; i < first + parts.width; i++) {
      const change = valueOf(to.codes[i] ?? 0, to.scale) - valueOf(from.codes[i] ?? 0, from.scale)
      if (Number.isFinite(change)) sum += change * change
    }
    if (sum > most) [best, most] = [part, sum]
  }
  return best
}

/** The sheet of one part, whose values begin at `start` of a row. */
export function sheetOfPart({ width }: Parts, tile: Tile | null, start: number): Sheet {
  if (!tile) return matrix(start, 1, width)
  const { kind, tiles, rows, columns } = tile
  if (kind === 'rgb') {
    const sheet = matrix(start, rows, columns, 'rgb')
    return { ...sheet, steps: { ...sheet.steps, channel: rows * columns } }
  }
  const across = arrange(tiles, columns, rows, 1, SQUARE)
  return tiled({ start, tiles, across, tileRows: rows, tileColumns: columns, gap: 1 })
}

const SQUARE: Size = { width: 100, height: 100 }

/** Moments spread over those there are, the first and the last with them. */
export function spread<T>(moments: readonly T[], most: number): readonly T[] {
  const count = Math.min(most, moments.length)
  if (count < 2) return moments.slice(0, count)
  return Array.from({ length: count }, (_, i) =>
    moments.slice(Math.round((i * (moments.length - 1)) / (count - 1))).slice(0, 1),
  ).flat()
}

/** The gain of a moment's codes on a scale that ends at `limit`. */
export function gainOf({ scale }: Moment, limit: number): number {
  return limit > 0 ? scale / limit : 0
}

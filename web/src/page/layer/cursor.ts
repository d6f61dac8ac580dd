/** Walking over the cells of a picture, and finding where one of its parts stands. */
import { valueAt, type Sheet } from '../../pictures/paper/sheet'
import type { TensorEntry } from '../../run/manifest'
import { partAt, type Parts } from './parts'

export interface Cell {
  readonly column: number
  readonly row: number
}

/** A stretch of cells. */
export interface Box {
  readonly column: number
  readonly row: number
  readonly columns: number
  readonly rows: number
}

const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** The cell that an arrow key leads to, over gaps; the same where there is none. Null for any other key. */
export function walked(sheet: Sheet, from: Cell, key: string, stride: number): Cell | null {
  const way = WAYS[key]
  if (!way) return null
  const [dx, dy] = way
  let found = from
  for (let n = 0, { column, row } = from; n < stride;) {
    ;[column, row] = [column + dx, row + dy]
    if (column < 0 || row < 0 || column >= sheet.columns || row >= sheet.rows) break
    if (valueAt(sheet, column, row) < 0) continue // a gap
    found = { column, row }
    n++
  }
  return found
}

/** What holds all cells of one part; null where the sheet shows none of it. */
export function boxOfPart(sheet: Sheet, tensor: TensorEntry, parts: Parts, part: number): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1]
  const [wide, high] = [sheet.tileColumns + sheet.gap, sheet.tileRows + sheet.gap]
  for (let tile = 0; tile < sheet.tiles; tile++) {
    const [x, y] = [(tile % sheet.across) * wide, Math.floor(tile / sheet.across) * high]
    for (let row = y; row < y + sheet.tileRows; row++) {
      if (partAt(parts, tensor, valueAt(sheet, x, row)) !== part) continue
      left = Math.min(left, x)
      top = Math.min(top, row)
      right = Math.max(right, x + sheet.tileColumns)
      bottom = Math.max(bottom, row + 1)
    }
  }
  return right < 0 ? null : { column: left, row: top, columns: right - left, rows: bottom - top }
}

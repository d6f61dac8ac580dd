/** Where the pictures of a film stand: one thing at moments of the training, from left to right or line by line. */
import type { Sheet, Size } from './paper/sheet'

export interface Still {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Between stills (CSS pixels). */
const APART = 10
/** Lines of a film of rows touch: read downwards, they are one picture. */
const THICKEST_LINE = 14
const LARGEST_CELL = 22

/** Tiles stand side by side; plain rows lie below each other, so that a column is one value over time. */
export function filmOf(sheet: Sheet, count: number, room: Size): readonly Still[] {
  if (count === 0 || room.width <= 0 || room.height <= 0) return []
  if (sheet.rows === 1) {
    const height = Math.max(2, Math.min(THICKEST_LINE, Math.floor(room.height / count)))
    const width = Math.min(room.width, sheet.columns * LARGEST_CELL)
    return Array.from({ length: count }, (_, i) => ({ x: 0, y: i * height, width, height }))
  }
  const pitch = room.width / count
  const cell = Math.min((pitch - APART) / sheet.columns, room.height / sheet.rows, LARGEST_CELL)
  const sharp = cell >= 2 ? Math.floor(cell) : Math.max(cell, 1 / 8)
  const [width, height] = [sheet.columns * sharp, sheet.rows * sharp]
  return Array.from({ length: count }, (_, i) => ({ x: i * (width + APART), y: 0, width, height }))
}

/** The size of one picture in the room there is for it. */
import type { Sheet, Size } from '../../pictures/paper/sheet'

/** Cells larger than this tell nothing more (CSS pixels). */
const LARGEST_CELL = 34

/** @param isOblong - Whether tiles may have oblong cells, as a matrix: they are no pictures of something. */
export function enlarged(sheet: Sheet, room: Size, isOblong = false): Size {
  if (room.width <= 0 || room.height <= 0) return { width: 0, height: 0 }
  const columns = Math.max(1, sheet.columns)
  const rows = Math.max(1, sheet.rows)
  if (sheet.kind === 'bars') {
    return { width: Math.min(room.width, columns * LARGEST_CELL), height: Math.min(room.height, 170) }
  }
  const wide = Math.min(room.width / columns, LARGEST_CELL)
  const high = Math.min(room.height / rows, LARGEST_CELL)
  if (isOblong || sheet.tiles === 1 || sheet.tileRows * sheet.tileColumns === 1) {
    // A matrix may have oblong cells: better than a thin line in much empty room.
    const [x, y] = [whole(Math.min(wide, 4 * high)), whole(Math.min(high, 4 * wide))]
    return { width: columns * x, height: rows * y }
  }
  const cell = whole(Math.min(wide, high))
  return { width: columns * cell, height: rows * cell }
}

/** Whole pixels a cell where there is room. */
function whole(cell: number): number {
  return cell >= 2 ? Math.floor(cell) : cell
}

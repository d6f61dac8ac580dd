/** Numbers beside a picture: which row, column, filter or head stands there. */
import { valueAt, type Sheet, type Size } from '../../pictures/paper/sheet'
import type { TensorEntry } from '../../run/manifest'
import { indexOf } from './place'

export interface Tick {
  /** From the left or from the top (CSS pixels). */
  readonly at: number
  readonly text: string
}

export interface Ticks {
  readonly across: readonly Tick[]
  readonly down: readonly Tick[]
}

/** Numbers stand at least so far apart (CSS pixels). */
const APART = { across: 30, down: 15 } as const

/**
 * @param place - The size of the picture on the page.
 * @param words - For tiles that are no numbers of the tensor: `queries`.
 */
export function ticksOf(
  sheet: Sheet,
  tensor: TensorEntry,
  place: Size,
  words: { readonly across: readonly string[]; readonly down: readonly string[] },
): Ticks {
  const isTiled = sheet.tiles > 1 && sheet.tileRows * sheet.tileColumns > 1
  const wide = isTiled ? sheet.tileColumns + sheet.gap : 1
  const high = isTiled ? sheet.tileRows + sheet.gap : 1
  const indexAt = (column: number, row: number) => indexOf(tensor, valueAt(sheet, column, row))
  const along = (isAcross: boolean): readonly Tick[] => {
    const [pitch, cells, length] = isAcross
      ? [wide, sheet.columns, place.width]
      : [high, sheet.rows, place.height]
    const names = isAcross ? words.across : words.down
    const count = Math.ceil(cells / Math.max(1, pitch))
    if (count < 2 || length <= 0 || (!isAcross && sheet.kind === 'bars')) return []
    const axis = axisOf(indexAt(0, 0), isAcross ? indexAt(pitch, 0) : indexAt(0, pitch))
    if (axis < 0 && !names.length) return []
    const each = (length * pitch) / cells
    const stride = roundStride((isAcross ? APART.across : APART.down) / each)
    return Array.from({ length: Math.ceil(count / stride) }, (_, n): Tick => {
      const i = n * stride
      const index = isAcross ? indexAt(i * pitch, 0) : indexAt(0, i * pitch)
      const inside = ((isAcross ? sheet.tileColumns : sheet.tileRows) * each) / (2 * pitch)
      return { at: i * each + (isTiled ? inside : each / 2), text: names[i] ?? String(index[axis] ?? '') }
    })
  }
  return { across: along(true), down: along(false) }
}

/** The first axis along which two places differ; -1 where they do not. */
function axisOf(one: readonly number[], other: readonly number[]): number {
  return one.findIndex((value, axis) => value !== other[axis])
}

/** 1, 2, 5, 10, 20, … */
function roundStride(least: number): number {
  if (!(least > 1)) return 1
  const decade = 10 ** Math.floor(Math.log10(least))
  return (least <= decade ? 1 : least <= 2 * decade ? 2 : least <= 5 * decade ? 5 : 10) * decade
}

/** How a report's cells and examples are told, and a table's rows are ordered. */
import type { Cell, Item, Table } from '../../run/practice'
import { brief } from '../curves/numbers'

/** A cell as a person reads it. */
export function shown(cell: Cell): string {
  if (cell === null) return '–'
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  if (typeof cell === 'string') return cell
  if (Number.isInteger(cell) && Math.abs(cell) < 1e15) return cell.toLocaleString('en')
  return Math.abs(cell) >= 1e-3 && Math.abs(cell) < 1e7
    ? cell.toLocaleString('en', { maximumSignificantDigits: 4 })
    : brief(cell)
}

/** What an example is said to be, and what it is taken for. */
export function verdict({ label, predicted }: Item): { readonly words: string; readonly isWrong: boolean } {
  const isWrong = label !== null && predicted !== null && label !== predicted
  const words = isWrong
    ? `${label} taken for ${predicted}`
    : (label ?? (predicted && `taken for ${predicted}`) ?? '')
  return { words, isWrong }
}

/** Whether a column is of numbers. */
export function isNumeric({ rows }: Table, column: number): boolean {
  return rows.length > 0 && rows.every((row) => row[column] === null || typeof row[column] === 'number')
}

/** By which column a table is ordered: `1.2` is the third column of the second block, `-1.2` the same, largest first. */
export interface Order {
  readonly block: number
  readonly column: number
  readonly isDown: boolean
}

export function parseOrder(text: string | undefined): Order | null {
  const [, minus, block, column] = /^(-?)(\d{1,3})\.(\d{1,3})$/.exec(text ?? '') ?? []
  return block === undefined ? null : { block: Number(block), column: Number(column), isDown: minus === '-' }
}

/** A press of a column's name: numbers come largest first, then smallest, then as they were. */
export function nextOrder(order: Order | null, block: number, column: number, isNumber: boolean): string {
  const isSame = order?.block === block && order.column === column
  if (isSame && order.isDown !== isNumber) return ''
  const isDown = isSame ? !order.isDown : isNumber
  return `${isDown ? '-' : ''}${block}.${column}`
}

/** The rows in an order; cells with nothing in them come last. */
export function ordered(rows: Table['rows'], { column, isDown }: Order): Table['rows'] {
  const sign = isDown ? -1 : 1
  const compare = (a: Cell, b: Cell): number =>
    typeof a === 'string' && typeof b === 'string'
      ? a.localeCompare(b, 'en', { numeric: true })
      : Number(a) - Number(b)
  return [...rows].sort((one, other) => {
    const [a = null, b = null] = [one[column], other[column]]
    return a === null || b === null ? Number(a === null) - Number(b === null) : sign * compare(a, b)
  })
}

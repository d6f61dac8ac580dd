/** The reports of the practice around a model. One may come from a stranger: it is checked before it is drawn. */
import { readJson } from './array'
import { broken, RunError } from './errors'
import { Fields } from './fields'
import type { Store } from './store'

export interface Report {
  readonly title: string
  /** One sentence. */
  readonly answer: string
  readonly blocks: readonly Block[]
}

export type Cell = string | number | boolean | null
export type Numbers = readonly (number | null)[]

export interface Text {
  readonly kind: 'text'
  readonly text: string
}
export interface Warning {
  readonly kind: 'warning'
  readonly text: string
  readonly fix: string
}
export interface Table {
  readonly kind: 'table'
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  readonly caption: string
}
export interface Item {
  /** Base64; null where it is not one to look at. */
  readonly png: string | null
  readonly text: string
  readonly caption: string
  readonly label: string | null
  readonly predicted: string | null
  /** A file or a row. */
  readonly where: string | null
  readonly score: number | null
}
export interface Gallery {
  readonly kind: 'gallery'
  readonly items: readonly Item[]
  readonly caption: string
}
export interface Matrix {
  readonly kind: 'matrix'
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  readonly values: readonly Numbers[]
  readonly caption: string
}
export interface Axis {
  readonly name: string
  readonly isLog: boolean
  /** Names of the places 0, 1, 2 …; empty for numbers. */
  readonly ticks: readonly string[]
}
export interface Series {
  readonly name: string
  readonly mark: string
  readonly x: Numbers
  readonly y: Numbers
  /** The ends of an interval around each y; empty where none was taken. */
  readonly low: Numbers
  readonly high: Numbers
}
export interface Chart {
  readonly kind: 'chart'
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
  readonly notes: readonly { readonly x: number; readonly text: string }[]
  readonly caption: string
}
export type Block = Text | Warning | Table | Gallery | Matrix | Chart

/** No report has more (onionskin/learn/report/blocks.py and stored.py). */
const MOST = {
  blocks: 100,
  letters: 20_000,
  rows: 10_000,
  columns: 64,
  items: 1000,
  classes: 120,
  series: 24,
  points: 20_000,
  notes: 200,
  pixels: 2048,
}
const FORMAT = 1

/** Read a report; null where a copy came without it. */
export async function readReport(store: Store, name: string): Promise<Report | null> {
  const content = await readJson(store, `practice/${name}.json`)
  return content === null ? null : reportOf(content)
}

/** Check what a report says. */
export function reportOf(content: unknown): Report {
  const f = new Fields(content, 'report')
  const format = f.whole('format')
  if (format > FORMAT) {
    throw new RunError(
      `this report has format ${format}, and this page reads formats up to ${FORMAT}`,
      'update Onionskin: pip install --upgrade onionskin',
    )
  }
  const blocks = f.items('blocks', readBlock)
  few(blocks, MOST.blocks, 'blocks')
  return { title: text(f, 'title'), answer: text(f, 'answer'), blocks }
}

function readBlock(f: Fields): Block {
  const kind = f.text('kind')
  switch (kind) {
    case 'text':
      return { kind, text: text(f, 'text') }
    case 'warning':
      return { kind, text: text(f, 'text'), fix: text(f, 'fix') }
    case 'table': {
      const columns = few(f.texts('columns'), MOST.columns, 'columns')
      const rows = few(lists(f, 'rows'), MOST.rows, 'rows')
      if (rows.some((row) => row.length !== columns.length || !row.every(isCell))) {
        throw wrong('a row of a table')
      }
      return { kind, columns, rows: rows as readonly (readonly Cell[])[], caption: text(f, 'caption') }
    }
    case 'gallery':
      return {
        kind,
        items: few(f.items('items', readItem), MOST.items, 'items'),
        caption: text(f, 'caption'),
      }
    case 'matrix': {
      const [rows, columns] = [few(f.texts('rows'), MOST.classes, 'rows'), f.texts('columns')]
      few(columns, MOST.classes, 'columns')
      const values = lists(f, 'values').map((row) => numbersOf(row, columns.length))
      if (values.length !== rows.length) throw wrong('the names of a matrix')
      return { kind, rows, columns, values, caption: text(f, 'caption') }
    }
    case 'chart': {
      const notes = few(
        f.items('notes', (n) => ({ x: n.number('x'), text: text(n, 'text') })),
        MOST.notes,
        'notes',
      )
      const series = few(f.items('series', readSeries), MOST.series, 'series')
      return {
        kind,
        x: readAxis(f.inner('x')),
        y: readAxis(f.inner('y')),
        series,
        notes,
        caption: text(f, 'caption'),
      }
    }
    default:
      throw wrong(`a block of the kind '${kind.slice(0, 40)}'`)
  }
}

function readItem(f: Fields): Item {
  const maybe = (name: string): string | null => (f.has(name) ? text(f, name) : null)
  return {
    png: f.has('png') ? pngOf(f.text('png')) : null,
    text: text(f, 'text'),
    caption: text(f, 'caption'),
    label: maybe('label'),
    predicted: maybe('predicted'),
    where: maybe('where'),
    score: f.has('score') ? f.number('score') : null,
  }
}

/** A picture that is one, and unfolds into no more pixels than a report has. */
function pngOf(coded: string): string {
  if (/^iVBORw0KGgo[A-Za-z0-9+/]{32,}={0,2}$/.test(coded)) {
    const head = atob(coded.slice(0, 32))
    const side = (at: number) => [0, 1, 2, 3].reduce((sum, i) => 256 * sum + head.charCodeAt(at + i), 0)
    if ([side(16), side(20)].every((pixels) => pixels > 0 && pixels <= MOST.pixels)) return coded
  }
  throw wrong('a picture')
}

function readAxis(f: Fields): Axis {
  return {
    name: text(f, 'name'),
    isLog: f.flag('log', false),
    ticks: few(f.texts('ticks'), MOST.points, 'ticks'),
  }
}

function readSeries(f: Fields): Series {
  const x = numbersOf(f.value('x'))
  const same = (name: string) => (f.has(name) ? numbersOf(f.value(name), x.length) : [])
  const mark = f.text('mark', 'line')
  if (!['line', 'points', 'bars'].includes(mark)) throw wrong('the mark of a series')
  const [low, high] = [same('low'), same('high')]
  return { name: text(f, 'name'), mark, x, y: numbersOf(f.value('y'), x.length), low, high }
}

function text(f: Fields, name: string): string {
  const value = f.text(name, '')
  if (value.length > MOST.letters) throw wrong(`its ${name}`)
  return value
}

function wrong(what: string): RunError {
  return broken(`a report has what none has: ${what}`)
}

function few<T>(items: readonly T[], most: number, what: string): readonly T[] {
  if (items.length > most) throw wrong(`${items.length} ${what}`)
  return items
}

function lists(f: Fields, name: string): readonly (readonly unknown[])[] {
  const value = f.value(name)
  if (!Array.isArray(value) || !value.every(Array.isArray)) throw wrong(`its ${name}`)
  return value as readonly (readonly unknown[])[]
}

function isCell(value: unknown): value is Cell {
  if (typeof value === 'string') return value.length <= MOST.letters
  return value === null || typeof value === 'boolean' || Number.isFinite(value)
}

function numbersOf(value: unknown, length?: number): Numbers {
  const isFit =
    Array.isArray(value) &&
    value.length <= MOST.points &&
    value.length === (length ?? value.length) &&
    value.every((item) => item === null || Number.isFinite(item))
  if (!isFit) throw wrong('a list of numbers')
  return value as Numbers
}

/** Asks a network of tables: a field for each column, and of what stands in them the numbers and codes that it takes. */
import { make } from './element'
import { doubles, wholes, type Given } from './model'
import type { Field, FormKind } from './told'

/** What a person wrote, by the column's name; null where nothing is known. */
export type Row = ReadonlyMap<string, string | null>

/** Seconds of a day. */
const DAY = 86_400

/** The codes that a column begins with: of a value that was never seen or rare, and of none. */
const [UNSEEN, MISSING] = [0, 1]

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

export function formAsker(form: FormKind, ask: (given: Given) => Promise<void>): HTMLElement {
  const inputs = new Map(form.columns.map((field, i) => [field.name, inputOf(field, `field${i}`)]))
  const rows = form.columns.map((field, i) =>
    make(
      'div',
      { class: 'field' },
      make('label', { for: `field${i}` }, field.name),
      inputs.get(field.name) ?? '',
    ),
  )
  const element = make('form', { novalidate: true }, ...rows, make('button', {}, 'Predict'))
  const answer = (): void => {
    const row = new Map(
      [...inputs].map(([name, input]) => [name, input.value.trim() === '' ? null : input.value]),
    )
    void ask(givenOf(form, row))
  }
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    answer()
  })
  element.addEventListener('change', answer)
  queueMicrotask(answer) // of what is usual, so that there is something to change
  return element
}

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

function inputOf(field: Field, id: string): Input {
  if (field.kind === 'category') {
    const values = (field.values ?? []).map((value) =>
      make('option', { value, selected: value === field.usual }, value),
    )
    const others = [make('option', { value: OTHER }, 'another'), make('option', { value: '' }, 'not known')]
    return make('select', { id }, ...values, ...others)
  }
  if (field.kind === 'text') return make('textarea', { id, rows: 2 })
  const type =
    field.kind === 'date'
      ? field.times
        ? 'datetime-local'
        : 'date'
      : field.kind === 'number'
        ? 'number'
        : 'text'
  const usual = String(field.usual ?? '')
  const value = field.kind === 'date' ? usual.slice(0, field.times ? 16 : 10) : usual
  return make('input', {
    id,
    type,
    value,
    placeholder: 'not known',
    ...(type === 'number' ? { step: 'any' } : {}),
  })
}

/** What no column holds: a value that has no code. */
const OTHER = '\u0000'

/** The numbers and codes of a row, as Python makes them (onionskin/data/encoding.py). */
export function givenOf(form: FormKind, row: Row): Given {
  const numbers = form.numbers.length
    ? form.numbers.map(({ column, part }) => numberOf(row.get(column) ?? null, part))
    : [form.columns.filter(({ name }) => (row.get(name) ?? null) === null).length / form.columns.length]
  const codes = form.categories.map(({ column, part, values, first }) => {
    const value = categoryOf(row.get(column) ?? null, part)
    const place = value === null ? -1 : values.indexOf(value)
    return first + (value === null ? MISSING : place < 0 ? UNSEEN : 2 + place)
  })
  return { numbers: doubles(numbers, [1, numbers.length]), codes: wholes(codes, [1, codes.length]) }
}

export function numberOf(value: string | null, part: string): number {
  if (part === 'missing') return value === null ? 1 : 0
  if (part.startsWith('word:')) return value !== null && wordsOf(value).has(part.slice(5)) ? 1 : 0
  if (value === null) return NaN
  if (part === '') return Number(value)
  const date = dateOf(value)
  if (part === 'days') return date.getTime() / 1000 / DAY
  if (part === 'day of the month') return date.getUTCDate()
  if (part === 'hour') return date.getUTCHours() + date.getUTCMinutes() / 60
  throw new Error(`there is no number '${part}' of a column`)
}

export function categoryOf(value: string | null, part: string): string | null {
  if (value === null || part === '') return value
  const date = dateOf(value)
  return (part === 'month' ? MONTHS[date.getUTCMonth()] : WEEKDAYS[date.getUTCDay()]) ?? null
}

/** A date without a zone is one: neither the machine's nor another's is brought in. */
function dateOf(value: string): Date {
  return new Date(/T/.test(value) ? `${value}Z` : `${value}T00:00Z`)
}

/** Letters together, two or more, as small ones. */
function wordsOf(text: string): Set<string> {
  const folded = text.toLowerCase().replaceAll('ß', 'ss')
  return new Set(folded.match(/[\p{L}\p{Nl}\p{No}]{2,}/gu))
}

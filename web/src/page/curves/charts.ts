/** Which scalars share a chart, and their columns as a chart takes them. */

export interface Chart {
  readonly title: string
  readonly names: readonly string[]
}

/** The title of the chart of all learning rates. */
export const RATE = 'learning rate'

/** Scalars that are not drawn: the clock of the machine. */
const HIDDEN = new Set(['time'])

/** So many lines of one chart are told apart; more of one meaning have a chart each. */
const MOST_LINES = 4

/** Scalars of one meaning share a chart: `loss` with `val_loss`, all learning rates, all accuracies. */
export function chartsOf(names: readonly string[]): readonly Chart[] {
  const shown = names.filter((name) => !HIDDEN.has(name))
  const meanings = new Map<string, number>()
  for (const name of shown) meanings.set(titleOf(name), (meanings.get(titleOf(name)) ?? 0) + 1)
  const charts = new Map<string, string[]>()
  for (const name of shown) {
    const title = (meanings.get(titleOf(name)) ?? 0) > MOST_LINES ? name : titleOf(name)
    charts.set(title, [...(charts.get(title) ?? []), name])
  }
  const rank = (title: string) => (title === 'loss' ? 0 : title === 'accuracy' ? 1 : title === RATE ? 3 : 2)
  return [...charts.entries()]
    .map(([title, together]) => ({
      title,
      names: [...together].sort((a, b) => Number(b === title) - Number(a === title)),
    }))
    .sort((a, b) => rank(a.title) - rank(b.title))
}

/** The scalar that stands for the training: its loss. */
export function mainScalar(names: readonly string[]): string {
  return (
    names.find((name) => name === 'loss') ??
    names.find((name) => name.toLowerCase().includes('loss')) ??
    names.find((name) => !HIDDEN.has(name) && titleOf(name) !== RATE) ??
    ''
  )
}

function titleOf(name: string): string {
  const lower = name.toLowerCase()
  if (lower === 'lr' || lower.startsWith('lr/')) return RATE
  if (lower.includes('loss')) return 'loss'
  if (lower.includes('acc')) return 'accuracy'
  return name
}

/** A chart has at most this many points: more than any screen has columns. */
const MOST_POINTS = 4000

/**
 * The steps that a chart draws: those between two steps at which something was logged, and its neighbours on either
 * side, so that a line leads on. Of more than a screen is wide, each stretch gives the least and the greatest value of
 * every column, so that no spike is lost.
 *
 * @param columns - A scalar at every step; NaN where it was not logged.
 */
export function keptSteps(columns: readonly Float64Array[], from: number, to: number): number[] {
  const longest = Math.max(0, ...columns.map(({ length }) => length))
  const [first, stop] = [Math.max(0, from), Math.min(longest, to + 1)]
  if (stop <= first) return []
  const isKept = new Uint8Array(stop - first)
  let logged = 0
  for (const column of columns) {
    for (let step = first; step < stop; step++) {
      if (isFinite(column[step] ?? NaN)) isKept[step - first] = 1
    }
  }
  for (const kept of isKept) logged += kept
  if (logged > MOST_POINTS) {
    isKept.fill(0)
    const stretch = Math.ceil((2 * columns.length * (stop - first)) / MOST_POINTS)
    for (const column of columns) keepExtremes(column, first, stop, stretch, isKept)
  }
  const steps = new Set<number>()
  for (const column of columns) steps.add(lastBefore(column, first))
  for (const [i, kept] of isKept.entries()) if (kept) steps.add(first + i)
  for (const column of columns) steps.add(firstFrom(column, stop))
  steps.delete(-1)
  return [...steps].sort((a, b) => a - b)
}

/** Keep the first and the last value, and of each stretch the least and the greatest. */
function keepExtremes(
  column: Float64Array,
  first: number,
  stop: number,
  stretch: number,
  isKept: Uint8Array,
): void {
  const keep = (step: number) => {
    if (step >= first && step < stop) isKept[step - first] = 1
  }
  for (let start = first; start < stop; start += stretch) {
    let [least, greatest] = [-1, -1]
    const end = Math.min(stop, start + stretch)
    for (let step = start; step < end; step++) {
      const value = column[step] ?? NaN
      if (!isFinite(value)) continue
      if (least < 0 || value < (column[least] ?? 0)) least = step
      if (greatest < 0 || value > (column[greatest] ?? 0)) greatest = step
    }
    keep(least)
    keep(greatest)
  }
  keep(firstFrom(column, first))
  keep(lastBefore(column, stop))
}

/** The last step before this one at which a column has a value; -1 for none. */
export function lastBefore(column: Float64Array, stop: number): number {
  for (let step = Math.min(stop, column.length) - 1; step >= 0; step--) {
    if (isFinite(column[step] ?? NaN)) return step
  }
  return -1
}

function firstFrom(column: Float64Array, start: number): number {
  for (let step = start; step < column.length; step++) if (isFinite(column[step] ?? NaN)) return step
  return -1
}

/** A column at some steps, as a chart takes it: null where there is no value, or none that a log scale has. */
export function valuesAt(column: Float64Array, steps: readonly number[], isLog: boolean): (number | null)[] {
  return steps.map((step) => {
    const value = column[step] ?? NaN
    return isFinite(value) && (!isLog || value > 0) ? value : null
  })
}

/** What of a column a chart cannot show: how many values are infinite, how many not above 0, and how many are. */
export function countOf(column: Float64Array, from: number, to: number) {
  let [infinite, notPositive, positive] = [0, 0, 0]
  for (let step = Math.max(0, from); step <= Math.min(to, column.length - 1); step++) {
    const value = column[step] ?? NaN
    if (value > 0 && value < Infinity) positive++
    else if (Math.abs(value) === Infinity) infinite++
    else if (value <= 0) notPositive++
  }
  return { infinite, notPositive, positive }
}

/** The last value of a column that was logged up to a step; NaN for none. */
export function valueUntil(column: Float64Array, step: number): number {
  return column[lastBefore(column, step + 1)] ?? NaN
}

/** The charts that a person has chosen, in an address: titles with commas between, and what has one escaped. */
export function chosenOf(text: string | undefined): ReadonlySet<string> {
  return new Set((text ?? '').split(',').filter(Boolean).map(unescaped))
}

export function chosenText(titles: Iterable<string>): string {
  return [...titles].map((title) => title.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',')
}

function unescaped(title: string): string {
  return title.replaceAll('%2C', ',').replaceAll('%25', '%')
}

/** Whether a chart is found by what is searched for: any of the words with commas between. */
export function isFound({ title, names }: Chart, find: string): boolean {
  const words = find
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
  return (
    words.length === 0 ||
    words.some((word) => [title, ...names].some((name) => name.toLowerCase().includes(word)))
  )
}

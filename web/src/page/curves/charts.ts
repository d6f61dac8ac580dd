/** Which scalars share a chart, and their columns as a chart takes them. */
import type { ScalarTable } from '../../run/tables'

export interface Chart {
  readonly title: string
  readonly names: readonly string[]
}

/** Scalars that are not drawn: the clock of the machine. */
const HIDDEN = new Set(['time'])

/** Scalars of one meaning share a chart: `loss` with `val_loss`, all learning rates, all accuracies. */
export function chartsOf(names: readonly string[]): readonly Chart[] {
  const charts = new Map<string, string[]>()
  for (const name of names) {
    if (HIDDEN.has(name)) continue
    const title = titleOf(name)
    charts.set(title, [...(charts.get(title) ?? []), name])
  }
  const rank = (title: string) =>
    title === 'loss' ? 0 : title === 'accuracy' ? 1 : title === 'learning rate' ? 3 : 2
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
    names.find((name) => !HIDDEN.has(name) && titleOf(name) !== 'learning rate') ??
    ''
  )
}

function titleOf(name: string): string {
  const lower = name.toLowerCase()
  if (lower === 'lr' || lower.startsWith('lr/')) return 'learning rate'
  if (lower.includes('loss')) return 'loss'
  if (lower.includes('acc')) return 'accuracy'
  return name
}

/** A chart has at most this many points: more than any screen has columns. */
const MOST_POINTS = 4000

export interface Columns {
  readonly steps: number[]
  /** A column for each name; null where it was not logged. */
  readonly values: (number | null)[][]
}

/**
 * The columns of a chart: only steps at which something was logged. Of a run longer than a screen is wide, each
 * stretch of steps gives its least and its greatest value, so that no spike is lost.
 */
export function columnsOf(scalars: ScalarTable, names: readonly string[]): Columns {
  const columns = names.map((name) => scalars.column(name))
  const logged: number[] = []
  for (let step = 0; step < scalars.steps; step++) {
    if (columns.some((column) => Number.isFinite(column[step]))) logged.push(step)
  }
  const kept = logged.length <= MOST_POINTS ? logged : thinned(logged, columns)
  return {
    steps: kept,
    values: columns.map((column) =>
      kept.map((step) => {
        const value = column[step] ?? NaN
        return Number.isFinite(value) ? value : null
      }),
    ),
  }
}

function thinned(steps: readonly number[], columns: readonly Float64Array[]): number[] {
  const stretch = Math.ceil((2 * columns.length * steps.length) / MOST_POINTS)
  const kept = new Set<number>()
  for (let from = 0; from < steps.length; from += stretch) {
    const part = steps.slice(from, from + stretch)
    for (const column of columns) {
      const known = part.filter((step) => Number.isFinite(column[step]))
      const by = (better: (a: number, b: number) => boolean) =>
        known.reduce<number | undefined>(
          (best, step) => (best === undefined || better(column[step] ?? 0, column[best] ?? 0) ? step : best),
          undefined,
        )
      for (const step of [by((a, b) => a < b), by((a, b) => a > b)]) if (step !== undefined) kept.add(step)
    }
  }
  const last = steps.at(-1)
  if (last !== undefined) kept.add(last)
  return [...kept].sort((a, b) => a - b)
}

/** A curve of fewer points is read without smoothing. */
const FEW = 120

/** The mean around each point, over a fortieth of the curve; null where the curve is short enough to be read as it is. */
export function smoothed(values: readonly (number | null)[]): (number | null)[] | null {
  const places: number[] = []
  const sums = [0]
  for (const [i, value] of values.entries()) {
    if (value === null) continue
    places.push(i)
    sums.push((sums.at(-1) ?? 0) + value)
  }
  if (places.length < FEW) return null
  const reach = Math.round(places.length / 80)
  const means = values.map((): number | null => null)
  for (const [n, i] of places.entries()) {
    const around = Math.min(reach, n, places.length - 1 - n)
    means[i] = ((sums[n + around + 1] ?? 0) - (sums[n - around] ?? 0)) / (2 * around + 1)
  }
  return means
}

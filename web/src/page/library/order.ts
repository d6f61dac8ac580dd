/** Which runs of the library are shown, and in which order. */
import type { Listed } from '../library'
import type { Summary } from './summary'

interface Sort {
  readonly name: string
  readonly label: string
  /** What runs are compared by, smallest first; NaN and unknown come last. Null where the list's own order is taken. */
  readonly by: ((summary: Summary) => number) | null
}

export const SORTS = [
  { name: 'newest', label: 'newest first', by: null },
  { name: 'name', label: 'name', by: null },
  { name: 'loss', label: 'lowest loss', by: ({ loss }) => loss },
  { name: 'accuracy', label: 'highest accuracy', by: ({ accuracy }) => -accuracy },
  { name: 'parameters', label: 'fewest parameters', by: ({ parameters }) => parameters },
  { name: 'duration', label: 'shortest', by: ({ seconds }) => seconds },
] as const satisfies readonly Sort[]
export type SortName = (typeof SORTS)[number]['name']

export function isSort(text: string | undefined): text is SortName {
  return SORTS.some(({ name }) => name === text)
}

/** What is looked for: every word of `find` in what is known of a run, and every one of the tags. */
export interface Wish {
  readonly find: string
  readonly tags: readonly string[]
  readonly sort: SortName
}

/** Whether what is wished for can only be told of runs that were read. */
export function needsAll({ find, tags, sort }: Wish): boolean {
  return find !== '' || tags.length > 0 || SORTS.some(({ name, by }) => name === sort && by !== null)
}

export function arranged(
  runs: readonly Listed[],
  summaryOf: (run: Listed) => Summary | undefined,
  { find, tags, sort }: Wish,
): readonly Listed[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const found = runs.filter((run) => {
    const summary = summaryOf(run)
    const text = textOf(run, summary)
    return (
      words.every((word) => text.includes(word)) && tags.every((tag) => summary?.tags.includes(tag) ?? false)
    )
  })
  if (sort === 'name') return [...found].sort((a, b) => NAMES.compare(a.name, b.name))
  const by: Sort['by'] = SORTS.find(({ name }) => name === sort)?.by ?? null
  if (!by) return found
  const keys = new Map(found.map((run) => [run, keyOf(summaryOf(run), by)]))
  return [...found].sort((a, b) => compare(keys.get(a) ?? Infinity, keys.get(b) ?? Infinity))
}

/** `run 10` comes after `run 9`. */
const NAMES = new Intl.Collator('en', { numeric: true })

function textOf({ name }: Listed, summary: Summary | undefined): string {
  const known = summary ? [summary.title, summary.model, ...summary.tags, summary.ended] : []
  return [name, ...known].join('\n').toLowerCase()
}

function keyOf(summary: Summary | undefined, by: (summary: Summary) => number): number {
  const key = summary ? by(summary) : NaN
  return Number.isNaN(key) ? Infinity : key
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Every tag of the runs that were read, the most frequent first. */
export function tagsOf(
  summaries: Iterable<Summary>,
): readonly { readonly tag: string; readonly count: number }[] {
  const counts = new Map<string, number>()
  for (const { tags } of summaries) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts.entries()]
    .map(([tag, count]) => ({ tag, count }))
    .sort((a, b) => b.count - a.count || NAMES.compare(a.tag, b.tag))
}

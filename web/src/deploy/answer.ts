/** What the model says, for people: classes as bars, labels with a yes, a number as it is. */
import { make } from './element'
import type { Goal } from './told'

/** So many classes are shown, the most probable first. */
const MOST = 5

export function answer(goal: Goal, values: ArrayLike<number>): Node[] {
  if (goal.kind === 'number') {
    return [
      make(
        'p',
        { class: 'best' },
        `${goal.name}: ${(values[0] ?? NaN).toLocaleString('en', { maximumSignificantDigits: 4 })}`,
      ),
    ]
  }
  const rows = goal.classes.map((name, i) => ({ name, share: values[i] ?? 0 }))
  const sorted = rows.toSorted((a, b) => b.share - a.share)
  const yes = sorted.filter(({ share }) => share > 0.5).map(({ name }) => name)
  const best = goal.kind === 'one_of' ? (sorted[0]?.name ?? '') : yes.join(' + ') || 'none of them'
  return [
    make('p', { class: 'best' }, best),
    make('ol', { class: 'bars' }, ...sorted.slice(0, MOST).map(bar)),
  ]
}

function bar({ name, share }: { readonly name: string; readonly share: number }): HTMLElement {
  const filled = make('span', { class: 'filled' })
  filled.style.width = `${100 * share}%` // set by script: the content policy is about the page's text
  return make(
    'li',
    { 'data-name': name, 'data-share': share },
    make('span', { class: 'name' }, name),
    make('span', { class: 'bar', 'aria-hidden': 'true' }, filled),
    make('span', { class: 'share' }, `${(100 * share).toFixed(1)} %`),
  )
}

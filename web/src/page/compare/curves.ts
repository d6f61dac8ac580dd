/** The scalars that several runs have, as lines over each other. */
import type { OverlayLine } from '../../pictures/overlay'
import type { Run } from '../../run/run'
import { chartsOf, RATE } from '../curves/charts'

/** More charts are looked at one run at a time. */
const MOST_CHARTS = 4
/** A line is no finer than a screen shows. */
const POINTS = 320
/** A fortieth of a curve is averaged, as in the curve under the scrubber. */
const REACH = 80

/** The names of the scalars to lay over each other: what two runs or more have, the rate of learning last and only if it changes. */
export function sharedScalars(runs: readonly Run[]): readonly string[] {
  const names = [...new Set(runs.flatMap((run) => run.scalars.names))]
  const has = (name: string) => runs.filter((run) => run.scalars.names.includes(name)).length
  return chartsOf(names)
    .toSorted((a, b) => Number(a.title === RATE) - Number(b.title === RATE))
    .filter(({ title, names: rates }) => title !== RATE || !isConstant(runs, rates))
    .flatMap(({ names: together }) => together)
    .filter((name) => has(name) > 1)
    .slice(0, MOST_CHARTS)
}

/** Whether scalars are one and the same value in all runs at all steps: then there is no curve to look at. */
function isConstant(runs: readonly Run[], names: readonly string[]): boolean {
  let seen = NaN
  for (const run of runs) {
    for (const name of names) {
      for (const value of run.scalars.column(name)) {
        if (Number.isNaN(seen)) seen = value
        if (!Number.isNaN(value) && value !== seen) return false
      }
    }
  }
  return true
}

/** One scalar of one run: its smoothed values along the steps, or along the seconds. */
export function courseAlong(
  run: Run,
  name: string,
  axis: 'step' | 'time',
): Pick<OverlayLine, 'at' | 'values'> {
  const column = run.scalars.column(name)
  const seconds = axis === 'time' ? run.scalars.column('time') : null
  const steps: number[] = []
  const sums = [0]
  for (const [step, value] of column.entries()) {
    if (!Number.isFinite(value)) continue
    steps.push(step)
    sums.push((sums.at(-1) ?? 0) + value)
  }
  const reach = steps.length > REACH ? Math.round(steps.length / REACH) : 0
  const count = Math.min(POINTS, steps.length)
  const picked = Array.from({ length: count }, (_, i) =>
    count < 2 ? 0 : Math.round((i * (steps.length - 1)) / (count - 1)),
  )
  return {
    at: picked.map((i) => (seconds ? (seconds[steps[i] ?? 0] ?? NaN) : (steps[i] ?? 0))),
    values: picked.map((i) => {
      const around = Math.min(reach, i, steps.length - 1 - i)
      return ((sums[i + around + 1] ?? 0) - (sums[i - around] ?? 0)) / (2 * around + 1)
    }),
  }
}

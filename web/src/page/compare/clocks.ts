/** One clock over several runs: which frame of another run belongs to the frame that is shown of the first. */
import type { Run } from '../../run/run'
import type { FrameTable } from '../../run/tables'
import { mainScalar } from '../curves/charts'

export const CLOCKS = ['step', 'time', 'loss'] as const
export type ClockName = (typeof CLOCKS)[number]

/** What each counts, for a tooltip. */
export const CLOCK_WORDS: Readonly<Record<ClockName, string>> = {
  step: 'each run at the same step: how far does the same number of updates lead?',
  time: 'each run after the same seconds since its start: how far does the same time lead?',
  loss: 'each run where its smoothed loss first fell as low: what do they look like when they are equally good?',
}

export function isClock(text: string | undefined): text is ClockName {
  return (CLOCKS as readonly (string | undefined)[]).includes(text)
}

/** The frame of another run, and what has to be said of it; empty where the clocks agree. */
export interface Partner {
  readonly frame: number
  readonly note: string
}

/**
 * @param frame - The frame of the first run.
 * @param lows - How low the loss of each run has been by each step; see `lowsOf`.
 */
export function partnerOf(
  by: ClockName,
  first: Run,
  frame: number,
  other: Run,
  lows: { readonly first: Float64Array; readonly other: Float64Array },
): Partner {
  const { frames } = other
  const last = frames.count - 1
  if (last < 0) return { frame: -1, note: 'it has no frames yet' }
  if (by === 'step') {
    const step = first.frames.step(frame)
    const isOver = step > frames.step(last)
    return { frame: frames.nearest(step), note: isOver ? 'it ended before this step' : '' }
  }
  if (by === 'time') {
    const time = first.frames.time(frame)
    const isOver = time > frames.time(last)
    return { frame: nearestTime(frames, time), note: isOver ? 'it ended before this time' : '' }
  }
  return fallenTo(
    lows.first[Math.min(first.frames.step(frame), lows.first.length - 1)] ?? Infinity,
    other,
    lows.other,
  )
}

/** The first frame at which the loss had been as low. */
function fallenTo(low: number, { frames }: Run, lows: Float64Array): Partner {
  const last = frames.count - 1
  if (lows.length === 0) return { frame: 0, note: 'it logged no loss' }
  if (low === Infinity) return { frame: 0, note: '' } // before the first loss of the first run
  const isAsLow = (frame: number) => (lows[Math.min(frames.step(frame), lows.length - 1)] ?? Infinity) <= low
  if (!isAsLow(last)) return { frame: last, note: 'its loss never fell as low: this is its last frame' }
  let [before, after] = [-1, last]
  while (after - before > 1) {
    const middle = (before + after) >> 1
    if (isAsLow(middle)) after = middle
    else before = middle
  }
  return { frame: after, note: '' }
}

function nearestTime(frames: FrameTable, time: number): number {
  let [low, high] = [0, frames.count - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (frames.time(middle) < time) low = middle + 1
    else high = middle
  }
  return low > 0 && time - frames.time(low - 1) < frames.time(low) - time ? low - 1 : low
}

/** A fortieth of a curve is averaged, as in the curve under the scrubber. */
const REACH = 80

/**
 * How low the smoothed loss of a run has been by each step; Infinity before its first value. It never rises, so that a
 * clock that goes by it never runs back.
 */
export function lowsOf(run: Run): Float64Array {
  const values = run.scalars.column(mainScalar(run.scalars.names))
  const steps: number[] = []
  const sums = [0]
  for (const [step, value] of values.entries()) {
    if (!Number.isFinite(value)) continue
    steps.push(step)
    sums.push((sums.at(-1) ?? 0) + value)
  }
  if (steps.length === 0) return new Float64Array()
  const reach = Math.round(steps.length / REACH)
  const lows = new Float64Array(values.length).fill(Infinity)
  for (const [i, step] of steps.entries()) {
    const around = Math.min(reach, i, steps.length - 1 - i)
    lows[step] = ((sums[i + around + 1] ?? 0) - (sums[i - around] ?? 0)) / (2 * around + 1)
  }
  for (let step = 1; step < lows.length; step++) {
    lows[step] = Math.min(lows[step] ?? Infinity, lows[step - 1] ?? Infinity)
  }
  return lows
}

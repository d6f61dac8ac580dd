/** Where the colour scale of every tensor ends: one scale a tensor for the whole run. */
import { endOf, limitOf, roundUp } from '../pictures/paper/scale'
import { LARGEST, valueOf } from '../run/codes'
import type { TensorEntry } from '../run/manifest'
import { codesIn, type Frame, type Run } from '../run/run'

export interface Limits {
  /** By the index of the tensor: the value at the end of its scale; 0 where nothing is known of it. */
  readonly values: readonly number[]
  /** The frames that they were taken from. */
  readonly frames: number
}

export const NO_LIMITS: Limits = { values: [], frames: 0 }

/** A growing run's scales are taken again when it has grown by this share. */
const WORTH_IT = 1.05

/**
 * The scales, from the statistics of all frames, or what a closed run says of those. While a run grows they may widen and never narrow, so that its
 * pictures do not flicker; when it has ended they are what any later look at it gives.
 */
export function limitsOf(run: Run, before: Limits, isGrowing: boolean): Limits {
  const { count } = run.statistics
  const { tensors } = run.manifest
  const isWorthIt = count > before.frames * WORTH_IT || tensors.length !== before.values.length
  if (isGrowing && !isWorthIt) return before
  const { scales } = run
  if (scales) {
    const ends = scales.usual.map((usual, i) => endOf(LARGEST * usual, LARGEST * (scales.largest[i] ?? 0)))
    return { values: ends, frames: run.frames.count }
  }
  const values = tensors.map(({ index }) => {
    const largest = Array.from(
      { length: count },
      (_, frame) => LARGEST * run.statistics.at(frame, index, 'scale'),
    )
    return Math.max(limitOf(largest), (isGrowing && before.values[index]) || 0)
  })
  return { values, frames: count }
}

/** Two moments whose difference is looked at. */
export interface Pair {
  readonly base: Frame
  readonly frame: Frame
}

/** The scales of a change, from pairs of frames spread over the run. */
export function changeLimitsOf(run: Run, pairs: readonly Pair[]): readonly number[] {
  return run.manifest.tensors.map((tensor) => {
    const largest = pairs.map(({ base, frame }) => largestChange(run, tensor, base, frame))
    return roundUp(Math.max(0, ...largest))
  })
}

function largestChange(run: Run, tensor: TensorEntry, base: Frame, frame: Frame): number {
  const [before, after] = [codesIn(base, tensor, run), codesIn(frame, tensor, run)]
  if (!before || !after) return 0
  const scaleBefore = run.statistics.at(base.index, tensor.index, 'scale')
  const scaleAfter = run.statistics.at(frame.index, tensor.index, 'scale')
  let largest = 0
  for (let i = 0; i < after.length; i++) {
    const change = Math.abs(valueOf(after[i] ?? 0, scaleAfter) - valueOf(before[i] ?? 0, scaleBefore))
    if (change > largest && change < Infinity) largest = change
  }
  return largest
}

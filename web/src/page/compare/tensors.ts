/** Which tensor is looked at in several runs, where its scale ends in all of them, and where two of it can be subtracted. */
import { roundUp } from '../../pictures/paper/scale'
import { valueOf } from '../../run/codes'
import type { Manifest, TensorEntry } from '../../run/manifest'
import { codesIn, scaleIn as scaleInFrame, type Frame, type Run } from '../../run/run'
import { find, subjectsOf } from '../layer/subjects'
import type { Limits } from '../limits'
import { times } from '../../pictures/paper/picture'

export function tensorOf(manifest: Manifest, key: string): TensorEntry | undefined {
  return manifest.tensors.find((tensor) => tensor.key === key)
}

/** The tensor to compare: what was chosen of the first run, else the first matrix that all runs have, else its first. */
export function comparedOf(
  first: Manifest,
  others: readonly Manifest[],
  node: string,
  tensor: string,
): TensorEntry | undefined {
  const chosen = node ? find(subjectsOf(first, node), tensor)?.aspect.tensor : undefined
  if (chosen) return chosen
  const weights = first.tensors.filter(({ role, count }) => role === 'weight' && count > 0)
  const shared = weights.filter(({ key }) => others.every((other) => tensorOf(other, key)))
  return shared.find(({ shape }) => shape.length > 1) ?? shared[0] ?? weights[0] ?? first.tensors[0]
}

/** One scale for all runs that have the tensor: the widest of theirs. */
export function sharedLimit(
  key: string,
  runs: readonly { readonly manifest: Manifest; readonly limits: Limits }[],
): number {
  return Math.max(
    0,
    ...runs.map(({ manifest, limits }) => {
      const tensor = tensorOf(manifest, key)
      return tensor ? (limits.values[tensor.index] ?? 0) : 0
    }),
  )
}

/** Why two tensors of one name cannot be subtracted; empty if they can. */
export function mismatch(one: TensorEntry, other: TensorEntry | undefined): string {
  if (!other) return 'This run has no tensor of this name.'
  if (one.shape.join() !== other.shape.join()) {
    return `No difference: the shapes are ${times(one.shape) || 'one value'} and ${times(other.shape) || 'one value'}.`
  }
  return one.strides.join() === other.strides.join()
    ? ''
    : 'No difference: the two runs keep other values of this tensor.'
}

/** One tensor in one frame of one run. */
export interface Sight {
  readonly run: Run
  readonly tensor: TensorEntry
  readonly frame: Frame
}

/** Where the scale of a difference ends, from pairs of frames spread over the runs. */
export function differenceLimit(pairs: readonly (readonly [Sight, Sight])[]): number {
  return roundUp(Math.max(0, ...pairs.map(([one, other]) => largestDifference(one, other))))
}

function largestDifference(one: Sight, other: Sight): number {
  const [a, b] = [codesIn(one.frame, one.tensor, one.run), codesIn(other.frame, other.tensor, other.run)]
  if (a?.length !== b?.length || !a || !b) return 0
  const [scaleA, scaleB] = [scaleIn(one), scaleIn(other)]
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(valueOf(a[i] ?? 0, scaleA) - valueOf(b[i] ?? 0, scaleB))
    if (difference > largest && difference < Infinity) largest = difference
  }
  return largest
}

export function scaleIn({ run, tensor, frame }: Sight): number {
  return scaleInFrame(frame, tensor, run)
}

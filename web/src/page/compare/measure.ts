/** Measures how far two runs lie apart on a few frames, so that the scale of their difference stays the same on all. */
import type { TensorEntry } from '../../run/manifest'
import type { Session } from '../session.svelte'
import { lowsOf, partnerOf, type ClockName } from './clocks'
import { differenceLimit, mismatch, tensorOf, type Sight } from './tensors'

/** Where in the run it is measured, as shares of its frames. */
const SPREAD = [0, 0.1, 0.25, 0.5, 0.75, 1] as const

export async function measureDifferences(
  by: ClockName,
  first: Session,
  others: readonly Session[],
  tensor: TensorEntry,
): Promise<number> {
  const last = first.run.frames.count - 1
  const firstLows = lowsOf(first.run)
  const pairs = others.flatMap((other) => {
    const entry = tensorOf(other.manifest, tensor.key)
    if (!entry || mismatch(tensor, entry) || last < 0) return []
    const lows = { first: firstLows, other: lowsOf(other.run) }
    return [...new Set(SPREAD.map((share) => Math.round(share * last)))].map(async (frame) => {
      const { frame: partner } = partnerOf(by, first.run, frame, other.run, lows)
      return partner < 0
        ? []
        : [[await sight(first, tensor, frame), await sight(other, entry, partner)] as const]
    })
  })
  return differenceLimit((await Promise.all(pairs)).flat())
}

async function sight({ run }: Session, tensor: TensorEntry, frame: number): Promise<Sight> {
  return { run, tensor, frame: await run.frame(frame, [tensor.role]) }
}

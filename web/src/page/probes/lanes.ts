/** The lanes of the probes' view: what stands in each, made from the history. */
import type { Lane, Stretch } from '../../pictures/lanes'
import type { Run } from '../../run/run'
import type { Axis } from '../time/axis'
import { whole } from '../numbers'
import { className } from './answers'
import { learningOf, UNSAID, type History } from './history'

/** The lane of one probe: stretches of frames with one answer. */
export function laneOf(history: History, probe: number, run: Run, axis: Axis): Lane {
  const { count, probes } = history
  const x = Array.from({ length: count }, (_, frame) => axis.x(run.frames.step(frame)))
  const stretches: Stretch[] = []
  let first = 0
  for (let frame = 1; frame <= count; frame++) {
    const said = history.saidAt(first, probe)
    if (frame < count && history.saidAt(frame, probe) === said) continue
    if (said !== UNSAID) {
      stretches.push({
        from: x[first] ?? 0,
        to: x[frame] ?? axis.x(axis.lastStep),
        isRight: history.isRight(first, probe),
        said: className(probes, said),
      })
    }
    first = frame
  }
  const shares = Array.from({ length: count }, (_, frame) => history.shareAt(frame, probe))
  return { stretches, x, shares }
}

/** What is said of a lane: `learned at step 92, forgotten twice before`. */
export function wordsOf(history: History, probe: number, run: Run): string {
  const { learned, forgotten, isEver } = learningOf(history, probe)
  const said = className(history.probes, history.saidAt(history.count - 1, probe))
  const times =
    forgotten.length === 1 ? 'once' : forgotten.length === 2 ? 'twice' : `${forgotten.length} times`
  const lapses = forgotten.length ? `, lost ${times}` : ''
  const settled = history.probes.labels.length ? 'right' : `says ${said}`
  if (learned === 0) return `${settled} from the start`
  if (learned > 0) return `${settled} since step ${whole(run.frames.step(learned))}${lapses}`
  return isEver ? `forgotten: reads ${said}${lapses}` : `never right: reads ${said}`
}

/** The probes in the order in which they were learned; those that never were come last. */
export function byLearning(history: History): readonly number[] {
  const since = Array.from({ length: history.probes.count }, (_, probe) => learningOf(history, probe).learned)
  const rank = (probe: number) => ((since[probe] ?? -1) < 0 ? Infinity : (since[probe] ?? 0))
  return since.map((_, probe) => probe).sort((a, b) => rank(a) - rank(b) || a - b)
}

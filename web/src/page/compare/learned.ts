/** Which probe is right in which run, and when each was learned. */
import type { Run } from '../../run/run'
import type { Values } from '../../run/values'
import { counted } from '../numbers'
import { learningOf, type History } from '../probes/history'

/** The probes of one run. */
export interface Asked {
  readonly run: Run
  readonly inputs: readonly Values[]
}

/** Why the answers of two runs cannot be laid side by side; empty if they can: both were shown the same. */
export function differentProbes(one: Asked, other: Asked): string {
  const [a, b] = [one.run.manifest.probes, other.run.manifest.probes]
  if (b.count === 0) return 'it has no probes'
  if (a.count !== b.count) return `it has ${counted(b.count, 'probe')}, not ${a.count}`
  if (a.labels.join() !== b.labels.join()) return 'its probes have other labels'
  const isSame = one.inputs.every((values, i) => sameValues(values, other.inputs[i]))
  return isSame ? '' : 'its probes are other inputs'
}

function sameValues(a: Values, b: Values | undefined): boolean {
  if (a.length !== b?.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !Number.isNaN(a[i])) return false
  return true
}

/** The step at which a probe was learned for good; Infinity if it is wrong in the end. */
export function learnedAt(history: History, probe: number, run: Run): number {
  const { learned } = learningOf(history, probe)
  return learned < 0 ? Infinity : run.frames.step(learned)
}

/** How two steps of learning compare: `120 steps later`, `never`; empty where both or neither were learned at once. */
export function laterBy(first: number, other: number): string {
  if (first === other) return first === Infinity ? '' : 'at the same step'
  if (other === Infinity) return 'not learned here'
  if (first === Infinity) return 'learned only here'
  return other > first
    ? `${counted(other - first, 'step')} later`
    : `${counted(first - other, 'step')} earlier`
}

/** The model of each run that was tried, and what is known of it: whoever comes back finds both. */
import type { Run } from '../../run/run'
import type { Values } from '../../run/values'
import { Agreement } from './agreement.svelte'
import { RunModel } from './model'

export interface Opened {
  readonly model: RunModel
  readonly agreement: Agreement
}

const known = new WeakMap<Run, Promise<Opened>>()

/** @throws RunError - It cannot be run; asked again, it is tried again. */
export function openOnce(run: Run, probes: readonly Values[]): Promise<Opened> {
  const before = known.get(run)
  if (before) return before
  const opening = RunModel.open(run, probes).then((model) => ({ model, agreement: new Agreement(model) }))
  known.set(run, opening)
  opening.catch(() => known.delete(run))
  return opening
}

/** What runs say of themselves, side by side: what differs between them reads at once. */
import { brief } from '../../pictures/paper/scale'
import type { Manifest } from '../../run/manifest'
import type { Run } from '../../run/run'
import { counted, duration, percent, whole } from '../numbers'

export interface Fact {
  readonly name: string
  /** One a run; a dash where a run has none. */
  readonly values: readonly string[]
}

export interface Facts {
  readonly different: readonly Fact[]
  readonly same: readonly Fact[]
}

const NONE = '–'

export function factsOf(runs: readonly Run[]): Facts {
  const told = runs.map((run) => new Map([...ofModel(run.manifest), ...ofTraining(run), ...ofRecording(run)]))
  const names = [...new Set(told.flatMap((facts) => [...facts.keys()]))]
  const all = names.map((name) => ({ name, values: told.map((facts) => facts.get(name) ?? NONE) }))
  const isSame = ({ values }: Fact) => values.every((value) => value === values[0])
  return {
    different: all.filter((fact) => !isSame(fact)),
    same: all.filter((fact) => isSame(fact) && fact.values[0] !== NONE),
  }
}

type Told = readonly (readonly [name: string, value: string])[]

function ofModel({ model, graph }: Manifest): Told {
  const kinds = new Map<string, number>()
  for (const { kind, type } of graph.nodes) {
    if (kind === 'module' && type !== 'Identity') kinds.set(type, (kinds.get(type) ?? 0) + 1)
  }
  return [
    ['model', model.type],
    ...[...kinds.entries()].map(([type, count]) => [type, counted(count, 'layer')] as const),
    ['parameters', whole(model.parameters)],
    ['trained parameters', whole(model.trainable)],
  ]
}

function ofTraining({ manifest, status, scalars, frames }: Run): Told {
  const rates = scalars.column('lr').filter((rate) => Number.isFinite(rate))
  const [first = NaN, last = NaN] = [rates[0], rates.at(-1)]
  const rate = first === last ? brief(first) : `${brief(first)} to ${brief(last)}`
  return [
    ...(Number.isNaN(first) ? [] : [['learning rate', rate] as const]),
    ['steps', whole(Math.max(0, scalars.steps - 1, frames.step(frames.count - 1)))],
    ...(status.wallSeconds > 0 ? [['duration', duration(status.wallSeconds)] as const] : []),
    ['ended', status.state === 'closed' ? status.ended || 'finished' : 'not closed'],
    ...(manifest.tags.length ? [['tags', manifest.tags.join(', ')] as const] : []),
  ]
}

function ofRecording({ manifest, frames }: Run): Told {
  const { budget, created, software, probes } = manifest
  return [
    ['frames', whole(frames.count)],
    ['probes', whole(probes.count)],
    [
      'budget',
      budget.every === null
        ? percent(budget.asked)
        : `${percent(budget.asked)}, every ${counted(budget.every, 'step')}`,
    ],
    ...Object.entries(software),
    ...(created ? [['recorded', created.replace('T', ' ').replace(/\+00:00$/, ' UTC')] as const] : []),
  ]
}

/** The story of a training: what was learned when, which layers came to rest, and what the health checks noticed. */
import type { Run } from '../../run/run'
import { mainScalar } from '../curves/charts'
import { whole } from '../numbers'
import { className } from '../probes/answers'
import { learningOf, type History } from '../probes/history'

export type MilestoneKind = 'learned' | 'forgotten' | 'layer' | 'scalar' | 'health'

export interface Milestone {
  readonly kind: MilestoneKind
  readonly frame: number
  readonly step: number
  /** One sentence without the step. */
  readonly sentence: string
  /** The tensor that it is about, by its key; empty if none. */
  readonly tensor: string
  /** The probe that it is about; -1 if none. */
  readonly probe: number
}

/** A layer rests when its updates stay below this share of their largest for the rest of the run. */
const AT_REST = 0.1
/** Of a training this short (frames) nothing is said of rest. */
const FEW_FRAMES = 12
/** At most so many layers are told of, and so many forgotten probes. */
const MOST_LAYERS = 8
const MOST_FORGOTTEN = 12

/** All of them, in the order of time. */
export function milestonesOf(run: Run, history: History | null): readonly Milestone[] {
  const found = [
    ...(history ? [...learnedClasses(history), ...forgottenProbes(history)] : []),
    ...layersAtRest(run),
    ...scalarsReached(run),
    ...healthNotes(run),
  ]
  return found
    .map((milestone) => ({ ...milestone, step: run.frames.step(milestone.frame) }))
    .sort((a, b) => a.frame - b.frame)
}

type Found = Omit<Milestone, 'step'>

/** From which frame on all probes of a class are right. */
function learnedClasses(history: History): Found[] {
  const { probes } = history
  if (probes.labels.length === 0) return []
  const classes = [...new Set(probes.labels)].sort((a, b) => a - b)
  const learned = classes.flatMap((label) => {
    const members = probes.labels.flatMap((other, probe) => (other === label ? [probe] : []))
    const since = members.map((probe) => learningOf(history, probe).learned)
    const frame = Math.max(...since)
    // What is right from the first frame on was not learned here.
    return since.includes(-1) || frame <= 0
      ? []
      : [{ label, frame, probe: members[since.indexOf(frame)] ?? -1 }]
  })
  const last = learned.reduce((latest, { frame }) => Math.max(latest, frame), -1)
  const isAll = learned.length === classes.length && learned.length > 1
  return learned.map(({ label, frame, probe }) => ({
    kind: 'learned',
    frame,
    tensor: '',
    probe,
    sentence: `from here on it reads ${className(probes, label)} right${isAll && frame === last ? ': the last one' : ''}`,
  }))
}

/** Probes that were right for a while and then wrong for good. */
function forgottenProbes(history: History): Found[] {
  const { probes } = history
  if (probes.labels.length === 0) return []
  const found: Found[] = []
  for (let probe = 0; probe < probes.count; probe++) {
    const { learned, forgotten, isEver } = learningOf(history, probe)
    const frame = forgotten.at(-1)
    if (learned >= 0 || !isEver || frame === undefined) continue
    const said = className(probes, history.saidAt(history.count - 1, probe))
    const label = className(probes, probes.labels[probe] ?? -1)
    found.push({
      kind: 'forgotten',
      frame,
      tensor: '',
      probe,
      sentence: `it forgets probe ${probe}, a ${label}: in the end it reads ${said}`,
    })
  }
  return found.sort((a, b) => a.frame - b.frame).slice(0, MOST_FORGOTTEN)
}

/** Layers whose weights stop moving long before the end. */
function layersAtRest(run: Run): Found[] {
  const { count } = run.statistics
  if (count < FEW_FRAMES) return []
  const found = run.manifest.tensors
    .filter(({ role, shape }) => role === 'weight' && shape.length >= 2)
    .flatMap((tensor): Found[] => {
      const ratios = Array.from({ length: count }, (_, frame) =>
        run.statistics.at(frame, tensor.index, 'ratio'),
      )
      const largest = ratios.reduce((most, ratio) => (ratio > most ? ratio : most), 0)
      if (!(largest > 0)) return []
      const moving = ratios.findLastIndex((ratio) => ratio >= AT_REST * largest)
      const frame = moving + 1
      if (frame >= count - 2 || run.frames.step(frame) > 0.9 * run.frames.step(count - 1)) return []
      const sentence = `${tensor.name} comes to rest: its updates stay below a tenth of their largest`
      return [{ kind: 'layer', frame, tensor: tensor.key, probe: -1, sentence }]
    })
  return found.sort((a, b) => a.frame - b.frame).slice(0, MOST_LAYERS)
}

const SHARES = [0.5, 0.9, 0.95, 0.99] as const

/** When the loss fell below a half and a tenth of its start, and when an accuracy passed a round number. */
function scalarsReached(run: Run): Found[] {
  const { scalars } = run
  const found: Found[] = []
  const at = (step: number, sentence: string) => {
    const frame = run.frames.nearest(step)
    if (frame > 0) found.push({ kind: 'scalar', frame, tensor: '', probe: -1, sentence })
  }
  const loss = mainScalar(scalars.names)
  if (loss.toLowerCase().includes('loss')) {
    const column = scalars.column(loss)
    const start = meanOf(column, 0, 5)
    for (const [share, words] of [
      [0.5, 'half'],
      [0.1, 'a tenth'],
    ] as const) {
      const step = firstBelow(column, share * start)
      if (start > 0 && step > 0) at(step, `the ${loss} is below ${words} of what it was at first`)
    }
  }
  for (const name of scalars.names.filter((candidate) => /acc/i.test(candidate))) {
    const column = scalars.column(name)
    for (const share of SHARES) {
      const step = column.findIndex((value) => value >= share && value <= 1)
      if (step > 0) at(step, `the ${name.replaceAll('_', ' ')} passes ${whole(100 * share)} %`)
    }
  }
  return found
}

/** The first step from which on the mean of five values is below a limit; -1 if there is none. */
function firstBelow(column: Float64Array, limit: number): number {
  for (let step = 0; step + 5 <= column.length; step++) if (meanOf(column, step, 5) < limit) return step
  return -1
}

function meanOf(column: Float64Array, from: number, count: number): number {
  const known = column.subarray(from, from + count).filter((value) => !Number.isNaN(value))
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN
}

function healthNotes(run: Run): Found[] {
  return run.status.health.map((note) => ({
    kind: 'health',
    frame:
      note.frame >= 0 && note.frame < run.frames.count
        ? note.frame
        : Math.max(0, run.frames.nearest(note.step)),
    tensor: note.tensor,
    probe: -1,
    sentence: note.sentence,
  }))
}

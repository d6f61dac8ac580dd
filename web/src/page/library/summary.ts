/** What a card of the library says of a run. Small: of hundreds of runs it is kept for each. */
import type { Glance } from '../../run/glance'
import { isGrowing } from '../../run/status'
import type { ScalarTable } from '../../run/tables'
import { mainScalar } from '../curves/charts'

export interface Summary {
  readonly title: string
  readonly model: string
  readonly parameters: number
  readonly tags: readonly string[]
  readonly state: 'live' | 'finished' | 'killed' | 'ended'
  /** In words: `finished`, `ended by KeyboardInterrupt`. */
  readonly ended: string
  readonly steps: number
  readonly frames: number
  readonly seconds: number
  /** The name of the scalar that stands for the training, and its last value; empty and NaN where there is none. */
  readonly lossName: string
  readonly loss: number
  /** The last accuracy that was logged; NaN where there is none. */
  readonly accuracy: number
  /** The course of the loss in a few points, each the mean of a stretch of steps; NaN where none was logged. */
  readonly course: readonly number[]
  /** What the health checks noticed, in the order of the steps. */
  readonly remarks: readonly string[]
}

/** Points of a course: a sparkline is no wider. */
const POINTS = 72

/** @param now - In seconds since 1970: a run that is silent for long was killed. */
export async function summaryOf(glance: Glance, now: number): Promise<Summary> {
  const { manifest, status, frames, lastStep } = glance
  const scalars = await glance.scalars()
  const lossName = mainScalar(scalars.names)
  const losses = scalars.column(lossName)
  const state =
    status.state === 'growing' ? (isGrowing(status, now) ? 'live' : 'killed') : closed(status.ended)
  return {
    title: manifest.title,
    model: manifest.model.type,
    parameters: manifest.model.parameters,
    tags: manifest.tags,
    state,
    ended: state === 'ended' ? `ended by ${status.ended}` : state,
    steps: lastStep,
    frames,
    seconds: status.wallSeconds,
    lossName,
    loss: lastOf(losses),
    accuracy: accuracyOf(scalars),
    course: courseOf(losses, POINTS),
    remarks: status.health.map(({ sentence, step }) => `step ${step}: ${sentence}`),
  }
}

function closed(ended: string): 'finished' | 'ended' {
  return ended === 'finished' || ended === '' ? 'finished' : 'ended'
}

/** The accuracy on what was held out, where there is one, else any. */
function accuracyOf(scalars: ScalarTable): number {
  const names = scalars.names.filter((name) => name.toLowerCase().includes('acc'))
  const best = names.find((name) => /val|test|valid|held/i.test(name)) ?? names[0]
  return best === undefined ? NaN : lastOf(scalars.column(best))
}

/** The last value that was logged; NaN where none was. */
export function lastOf(values: Float64Array): number {
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i] ?? NaN
    if (!Number.isNaN(value)) return value
  }
  return NaN
}

/** The mean of each stretch of a course, so many stretches in all; NaN where nothing finite was logged. */
export function courseOf(values: Float64Array, points: number): number[] {
  const stretches = Math.min(points, values.length)
  return Array.from({ length: stretches }, (_, i) => {
    const part = values.subarray(
      Math.floor((i * values.length) / stretches),
      Math.floor(((i + 1) * values.length) / stretches),
    )
    const known = part.filter(Number.isFinite)
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN
  })
}

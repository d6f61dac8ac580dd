/** What the model says of each probe at a frame: shares for classes, or plain values. */
import { size } from '../../run/fields'
import type { ProbeArray, Probes } from '../../run/manifest'

/** What the outputs of a run are. */
export interface Answers {
  /** The output that is read. */
  readonly output: ProbeArray
  /** How many values a probe has in it. */
  readonly width: number
  /** Whether the values are scores of classes; they are then shown as shares that sum to 1. */
  readonly isClassifier: boolean
  /** A note on which values are shown; empty when all are. */
  readonly note: string
}

/** At most so many values of a probe are drawn as bars. */
const MOST_BARS = 200

/** What can be said of every output that has one row a probe. */
export function answersOf(probes: Probes): readonly Answers[] {
  return probes.outputs
    .filter((output) => output.shape[0] === probes.count && size(output.shape) > 0)
    .map((output) => {
      const width = output.shape.at(-1) ?? 1
      const isFlat = output.shape.length === 2
      const isClassifier = isFlat && width >= 2 && knowsClasses(probes, width)
      const values = output.shape.length === 1 ? 1 : width
      const notes = [
        output.shape.length > 2 ? 'last position' : '',
        values > MOST_BARS ? `first ${MOST_BARS} of ${values.toLocaleString('en')}` : '',
      ]
      return {
        output,
        width: Math.min(values, MOST_BARS),
        isClassifier,
        note: notes.filter(Boolean).join(', '),
      }
    })
}

function knowsClasses(probes: Probes, width: number): boolean {
  const fitsLabels = probes.labels.length === probes.count && probes.labels.every((label) => label < width)
  return probes.labels.length ? fitsLabels : probes.classes.length === width
}

/** The values of one probe at a frame: of a sequence, those of the last position. Null where the frame has none. */
export function valuesOf({ output, width }: Answers, row: Float32Array, probe: number): Float32Array | null {
  const perProbe = size(output.shape.slice(1))
  const end = output.offset + (probe + 1) * perProbe
  const last = output.shape.length === 1 ? 1 : (output.shape.at(-1) ?? 1)
  const values = row.subarray(end - last, end - last + width)
  return values.length === width && !values.every(Number.isNaN) ? values : null
}

/** Scores as shares that sum to 1; outputs that are shares already stay as they are. */
export function sharesOf(scores: Float32Array): Float32Array {
  const sum = scores.reduce((total, score) => total + score, 0)
  if (Math.abs(sum - 1) < 1e-3 && scores.every((score) => score >= 0)) return scores
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity)
  const weights = scores.map((score) => Math.exp(score - largest))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / total)
}

/** The class with the largest score; -1 where there is none. */
export function bestOf(scores: Float32Array): number {
  return scores.reduce((best, score, i) => (score > (scores[best] ?? -Infinity) ? i : best), -1)
}

/** The name of a class. */
export function className(probes: Probes, number: number): string {
  return probes.classes[number] ?? String(number)
}

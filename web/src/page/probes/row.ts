/**
 * The inputs of the probes and the prediction for the chosen one, as one more flat row of codes, so that they are
 * painted as everything else is.
 */
import type { InputKind } from '../../pictures/image'
import { encode, encodeWith, LARGEST } from '../../run/codes'
import type { Probes } from '../../run/manifest'
import type { Values } from '../../run/values'

/** How the codes of one input become shares of the colour scale. */
export interface InputInk {
  readonly gain: number
  readonly bias: number
}

export class ProbeRow {
  readonly codes: Int16Array
  /** Where the prediction lies, and how many classes it has; 0 for a model that is no classifier. */
  readonly prediction: { readonly start: number; readonly classes: number }
  private readonly starts: number[] = []
  private readonly inks: InputInk[] = []
  private readonly kinds: InputKind[] = []
  private readonly scales: number[] = []

  constructor(probes: Probes, inputs: readonly Values[], classes: number) {
    const parts = inputs.map((values, i) => {
      const { codes, scale } = encode(values)
      this.scales.push(scale)
      const isImage = probes.inputs[i]?.isImage ?? false
      this.inks.push(isImage ? imageInk(values, scale) : { gain: scale / limitOf(values), bias: 0 })
      this.kinds.push(kindOf(probes, i, values))
      return codes
    })
    let start = 0
    for (const part of parts) {
      this.starts.push(start)
      start += part.length
    }
    this.prediction = { start, classes }
    this.codes = new Int16Array(start + classes)
    parts.forEach((part, i) => this.codes.set(part, this.starts[i] ?? 0))
  }

  /** Where the values of an input begin; -1 while they are not read. */
  inputStart(input: number): number {
    return this.starts[input] ?? -1
  }

  inputInk(input: number): InputInk {
    return this.inks[input] ?? { gain: NaN, bias: 0 }
  }

  inputKind(input: number): InputKind {
    return this.kinds[input] ?? 'values'
  }

  /**
   * The row of this moment.
   *
   * @param shares - The prediction, from 0 to 1; null where there is none.
   * @param own - Inputs of the viewer's own, one example, to stand in the place of a probe.
   */
  rowOf(shares: ArrayLike<number> | null, probe = 0, own: readonly Values[] = []): Int16Array {
    if (!shares && own.length === 0) return this.codes
    const codes = this.codes.slice()
    for (let i = 0; shares && i < this.prediction.classes; i++) {
      codes[this.prediction.start + i] = Math.round((shares[i] ?? 0) * LARGEST)
    }
    own.forEach((values, input) => {
      const scale = this.scales[input] ?? 0
      codes.set(encodeWith(values, scale), this.inputStart(input) + probe * values.length)
    })
    return codes
  }
}

/** The share that one code of a prediction stands for. */
export const PREDICTION_GAIN = 1 / LARGEST

/** A drawing is paper nearly everywhere, and paper is its darkest value: digits, sketches, masks. */
const MOSTLY_PAPER = 0.5

function kindOf(probes: Probes, input: number, values: Values): InputKind {
  const entry = probes.inputs[input]
  if (!entry?.isImage) return 'values'
  const channels = entry.shape.length === 4 ? (entry.shape[1] ?? 1) : 1
  if (channels === 3) return 'colour'
  if (channels !== 1) return 'drawing'
  const [low, high] = rangeOf(values)
  const near = low + 0.05 * (high - low)
  let paper = 0
  for (const value of values) if (value <= near) paper++
  return paper > MOSTLY_PAPER * values.length ? 'drawing' : 'grey'
}

/** An image runs from its darkest value to its lightest, however the training normalised it. */
function imageInk(values: Values, scale: number): InputInk {
  const [low, high] = rangeOf(values)
  const range = high > low ? high - low : 1
  return { gain: scale / range, bias: -low / range }
}

function rangeOf(values: Values): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : [0, 1]
}

function limitOf(values: Values): number {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Number.isFinite(value) ? Math.abs(value) : 0)
  return largest || 1
}

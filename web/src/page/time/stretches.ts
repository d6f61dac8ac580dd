/** A scalar in stretches of steps, so that a curve of a million steps is drawn as fast as one of four thousand. */

/** More stretches than any screen has columns. */
const MOST = 4096

export interface Stretches {
  /** How many steps one is long; in a short run, one. */
  readonly size: number
  readonly count: number
  /** The least, the greatest and the mean of the finite values of each; NaN where there is none. */
  readonly least: Float64Array
  readonly greatest: Float64Array
  readonly mean: Float64Array
}

/** @param values - A scalar at every step, NaN where it was not logged. */
export function stretchesOf(values: Float64Array): Stretches {
  const size = Math.max(1, Math.ceil(values.length / MOST))
  const count = Math.ceil(values.length / size)
  const [least, greatest, mean] = [0, 1, 2].map(() => new Float64Array(count).fill(NaN)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let i = 0; i < count; i++) {
    let [low, high, sum, logged] = [Infinity, -Infinity, 0, 0]
    for (let step = i * size; step < Math.min(values.length, (i + 1) * size); step++) {
      const value = values[step] ?? NaN
      if (!(Math.abs(value) < Infinity)) continue
      if (value < low) low = value
      if (value > high) high = value
      sum += value
      logged++
    }
    if (logged === 0) continue
    least[i] = low
    greatest[i] = high
    mean[i] = sum / logged
  }
  return { size, count, least, greatest, mean }
}

/** The step in the middle of a stretch. */
export function middleOf({ size }: Stretches, stretch: number): number {
  return (stretch + 0.5) * size - 0.5
}

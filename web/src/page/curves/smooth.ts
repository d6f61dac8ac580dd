/**
 * The smoothing of a curve: each point becomes the mean of all values, weighted by exp(−d / reach) for a value d steps
 * away on either side. It looks both ways, so it does not lag; it counts steps and not points, so it may be logged at
 * any spacing; and its weights are divided by their sum, so that it has no bias where a curve begins or ends.
 */

/** What the slider goes through: the reach in percent of the run's steps. */
export const REACHES = [0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20] as const
export const USUAL_REACH = 1

/** The reach that an address says, in percent. */
export function reachOf(text: string | undefined): number {
  const value = Number(text)
  return text && value >= 0 && value <= 100 ? value : USUAL_REACH
}

/**
 * Smooth a column in one pass forth and one back.
 *
 * @param column - A value for every step; what is not finite was not logged, and stays without a value.
 * @param reach - In steps; 0 leaves the column as it is.
 */
export function smoothed(column: Float64Array, reach: number): Float64Array {
  if (!(reach > 0)) return column
  const keep = Math.exp(-1 / reach)
  const sums = new Float64Array(column.length)
  const weights = new Float64Array(column.length)
  let [sum, weight] = [0, 0]
  for (let step = 0; step < column.length; step++) {
    const value = column[step] ?? NaN
    const isThere = Number.isFinite(value)
    sum = keep * sum + (isThere ? value : 0)
    weight = keep * weight + (isThere ? 1 : 0)
    sums[step] = sum
    weights[step] = weight
  }
  const means = new Float64Array(column.length).fill(NaN)
  sum = weight = 0
  for (let step = column.length - 1; step >= 0; step--) {
    const value = column[step] ?? NaN
    sum *= keep
    weight *= keep
    if (!Number.isFinite(value)) continue
    means[step] = ((sums[step] ?? 0) + sum) / ((weights[step] ?? 0) + weight) // its own value is in the first
    sum += value
    weight += 1
  }
  return means
}

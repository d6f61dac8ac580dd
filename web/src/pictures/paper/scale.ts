/** One colour scale a tensor for the whole run, so that what changes colour has changed value. */

/** Where a scale ends: a few round numbers a decade, so that a legend reads well and a live scale seldom moves. */
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]

/** A frame whose largest value is this many times the usual one does not set the scale: a spike would grey the rest. */
const SPIKE = 8

/**
 * The value at the end of a scale; 0 where nothing is known, or all is zero.
 *
 * @param largest - The largest magnitude in each frame, NaN where there is none.
 */
export function limitOf(largest: ArrayLike<number>): number {
  const known = Array.from(largest).filter((value) => value > 0 && Number.isFinite(value))
  if (known.length === 0) return 0
  known.sort((a, b) => a - b)
  return endOf(known[known.length >> 1] ?? 1, known.at(-1) ?? 1)
}

/** The same from the usual of these magnitudes (the middle of those above 0) and the largest alone. */
export function endOf(usual: number, largest: number): number {
  return roundUp(Math.min(largest, usual * SPIKE))
}

/** The next round number, upwards. */
export function roundUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 0
  const decade = 10 ** Math.floor(Math.log10(value))
  if (decade === 0) return value // below the smallest number that has a decade
  const step = ROUND.find((round) => round * decade >= value * (1 - 1e-6)) ?? 10
  return Number((step * decade).toPrecision(6)) // without the dust of binary fractions
}

/** A number in few characters: `0.031`, `1,250`, `3.2e−7`. */
export function brief(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === 0) return '0' // and not −0
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '−∞'
  const size = Math.abs(value)
  if (size < 1e-3 || size >= 1e6) {
    return value.toExponential(1).replace('e+', 'e').replaceAll('-', '−').replace('.0e', 'e')
  }
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits }).replace('-', '−')
}

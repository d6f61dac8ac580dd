import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REACHES, reachOf, smoothed, USUAL_REACH } from './smooth'

const columns = fc
  .array(fc.option(fc.double({ min: -1000, max: 1000, noNaN: true }), { nil: NaN, freq: 3 }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((values) => Float64Array.from(values))
const reaches = fc.double({ min: 0.5, max: 500, noNaN: true })

/** The definition, word for word: a mean over all values, weighted by exp(−d / reach). */
function byDefinition(column: Float64Array, reach: number): number[] {
  return Array.from(column, (value, at) => {
    if (Number.isNaN(value)) return NaN
    let [sum, weights] = [0, 0]
    column.forEach((other, step) => {
      if (Number.isNaN(other)) return
      const weight = Math.exp(-Math.abs(step - at) / reach)
      sum += weight * other
      weights += weight
    })
    return sum / weights
  })
}

describe('a curve that is smoothed', () => {
  test('is what the tooltip says, at any spacing of what was logged', () => {
    fc.assert(
      fc.property(columns, reaches, (column, reach) => {
        const wanted = byDefinition(column, reach)
        smoothed(column, reach).forEach((mean, step) => {
          if (Number.isNaN(wanted[step])) expect(mean).toBeNaN()
          else expect(mean).toBeCloseTo(wanted[step] ?? NaN, 6)
        })
      }),
    )
  })

  test('of a constant is that constant, at its ends too', () => {
    for (const mean of smoothed(new Float64Array(50).fill(7), 20)) expect(mean).toBeCloseTo(7, 12)
  })

  test('does not lag: mirrored in time it is the mirrored mean', () => {
    fc.assert(
      fc.property(columns, reaches, (column, reach) => {
        const mirrored = smoothed(Float64Array.from(column).reverse(), reach).reverse()
        smoothed(column, reach).forEach((mean, step) => {
          if (Number.isNaN(mean)) expect(mirrored[step]).toBeNaN()
          else expect(mirrored[step]).toBeCloseTo(mean, 6)
        })
      }),
    )
  })

  test('is the column itself without a reach, and infinities do not spread', () => {
    const column = Float64Array.of(1, 2)
    expect(smoothed(column, 0)).toBe(column)
    const means = smoothed(Float64Array.of(1, Infinity, 1), 5)
    expect([means[0], means[2]]).toEqual([1, 1])
    expect(means[1]).toBeNaN()
  })
})

test('the reach of an address is one that the slider has, or any other up to all', () => {
  expect(REACHES).toContain(USUAL_REACH)
  expect([undefined, '', 'x', '-1', '101', '0', '2', '7.5'].map(reachOf)).toEqual([1, 1, 1, 1, 1, 0, 2, 7.5])
})

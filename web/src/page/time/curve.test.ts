import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scaleOf } from './curve'

describe('the height of a curve', () => {
  test('is between 0 and 1 for every value, and rises with it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
        (values) => {
          const scale = scaleOf(Float64Array.from(values))
          const sorted = [...values].sort((a, b) => a - b)
          const heights = sorted.map((value) => scale?.(value) ?? NaN)
          for (const [i, height] of heights.entries()) {
            expect(height).toBeGreaterThanOrEqual(-1e-9)
            expect(height).toBeLessThanOrEqual(1 + 1e-9)
            if (i) expect(height).toBeGreaterThanOrEqual((heights[i - 1] ?? NaN) - 1e-9)
          }
        },
      ),
    )
  })

  test('goes by the logarithm where values span decades, so that a late fall is seen', () => {
    const scale = scaleOf(Float64Array.of(1, 0.1, 0.01))
    expect(scale?.(0.1)).toBeCloseTo(0.5, 9)
  })

  test('stands on zero where they do not', () => {
    const scale = scaleOf(Float64Array.of(2, NaN, 4))
    expect([scale?.(4), scale?.(2), scale?.(0)]).toEqual([1, 0.5, 0])
  })

  test('of nothing but what is not finite is none', () => {
    expect(scaleOf(Float64Array.of(NaN, Infinity, -Infinity))).toBeNull()
    expect(scaleOf(new Float64Array())).toBeNull()
  })

  test('of one and the same value is a number', () => {
    expect(scaleOf(Float64Array.of(0, 0))?.(0)).toBe(0)
    expect(scaleOf(Float64Array.of(-3, -3))?.(-3)).toBe(0)
  })
})

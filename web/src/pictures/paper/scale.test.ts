import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brief, limitOf, roundUp } from './scale'

/** As large and small as the largest value of a tensor can be: float32. */
const magnitude = fc.float({ min: Math.fround(1e-38), max: Math.fround(1e38), noNaN: true })

describe('the end of a scale', () => {
  test('is a round number, not below the value and not much above it', () => {
    fc.assert(
      fc.property(magnitude, (value) => {
        const end = roundUp(value)
        expect(end).toBeGreaterThanOrEqual(value * (1 - 1e-5))
        expect(end).toBeLessThanOrEqual(value * 1.34)
        expect(roundUp(end)).toBe(end)
        expect(Number(end.toPrecision(2))).toBe(end)
      }),
    )
  })

  test.each([
    [0.031, 0.04],
    [1, 1],
    [1.01, 1.2],
    [7, 8],
    [9, 10],
    [250, 250],
    [1e-5, 1e-5],
    [123_456, 150_000],
  ])('of %d is %d', (value, end) => {
    expect(roundUp(value)).toBe(end)
  })

  test.each([0, -1, NaN, Infinity, -Infinity])('of %d is nothing', (value) => {
    expect(roundUp(value)).toBe(0)
  })

  test('is not lost for the smallest number there is', () => {
    expect(roundUp(Number.MIN_VALUE)).toBe(Number.MIN_VALUE)
  })
})

describe('the scale of a tensor', () => {
  test('is set by its largest value in all frames', () => {
    expect(limitOf([0.1, 0.2, 0.31])).toBe(0.4)
    expect(limitOf([NaN, 0, 0.31, NaN])).toBe(0.4)
  })

  test('is not set by a spike, but by eight times what is usual', () => {
    expect(limitOf([1, 1, 1, 1, 1000])).toBe(8)
    expect(limitOf([1, 1, 1, 1, 7])).toBe(8)
  })

  test('is nothing where nothing is known, or all is zero', () => {
    expect([limitOf([]), limitOf([NaN, NaN]), limitOf([0, 0]), limitOf([Infinity])]).toEqual([0, 0, 0, 0])
  })

  test('does not depend on the order of the frames, and holds at least half of them', () => {
    fc.assert(
      fc.property(fc.array(magnitude, { minLength: 1, maxLength: 30 }), (largest) => {
        const end = limitOf(largest)
        expect(limitOf(Float32Array.from(largest).reverse())).toBe(end)
        const inside = largest.filter((value) => value <= end * (1 + 1e-5))
        expect(inside.length).toBeGreaterThan(largest.length / 2)
      }),
    )
  })
})

test.each([
  [0, '0'],
  [-0, '0'],
  [0.0314, '0.031'],
  [-0.5, '−0.5'],
  [1.004, '1'],
  [12.345, '12.35'],
  [123.45, '123.5'],
  [1250.4, '1,250'],
  [999_999, '999,999'],
  [1e6, '1e6'],
  [2_359_296, '2.4e6'],
  [3.2e-7, '3.2e−7'],
  [-1e-10, '−1e−10'],
  [1e-3, '0.001'],
  [NaN, 'NaN'],
  [Infinity, '+∞'],
  [-Infinity, '−∞'],
])('%d is written %s', (value, text) => {
  expect(brief(value)).toBe(text)
})

test('a number in few characters is few characters', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(brief(value).length).toBeLessThanOrEqual(9)
    }),
  )
})

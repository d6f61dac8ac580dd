import fc from 'fast-check'
import { expect, test } from 'vitest'
import { middleOf, stretchesOf } from './stretches'

test('of a short run every step is one, and what is not finite is none', () => {
  const of = stretchesOf(Float64Array.of(3, NaN, 5, Infinity))
  expect([of.size, of.count]).toEqual([1, 4])
  for (const column of [of.least, of.greatest, of.mean]) expect([...column]).toEqual([3, NaN, 5, NaN])
  expect([0, 1, 2].map((i) => middleOf(of, i))).toEqual([0, 1, 2])
})

test('of a long run no spike is lost, and every step is in one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5000, max: 40_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (length, place) => {
        const values = new Float64Array(length).fill(1)
        const spike = Math.floor(place * length)
        values[spike] = 9
        const of = stretchesOf(values)
        expect(of.count).toBeLessThanOrEqual(4096)
        expect(of.count * of.size).toBeGreaterThanOrEqual(length)
        const stretch = Math.floor(spike / of.size)
        expect(of.greatest[stretch]).toBe(9)
        expect(of.mean.filter((mean) => mean > 1)).toHaveLength(1)
        expect(Math.abs(middleOf(of, stretch) - spike)).toBeLessThan(of.size)
      },
    ),
    { numRuns: 20 },
  )
})

test('a million steps take no longer than a person notices', () => {
  const values = Float64Array.from({ length: 1_000_000 }, (_, step) => Math.sin(step))
  stretchesOf(values)
  const began = performance.now()
  stretchesOf(values)
  expect(performance.now() - began).toBeLessThan(250) // about 3 ms on a quiet machine
})

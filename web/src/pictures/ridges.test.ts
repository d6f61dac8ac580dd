import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUS_INFINITY, NOT_A_NUMBER, PLUS_INFINITY } from '../run/codes'
import { filmOf } from './film'
import { matrix, tiled } from './paper/sheet'
import { depthAt, floorOf, rangeOf, ridgeOf, tallestOf } from './ridges'
import { heightOf, trendScale } from './trend'

const codes = fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength: 200 })

describe('a ridge', () => {
  test('counts every value once: in a bin, at 0, or beyond the ends', () => {
    fc.assert(
      fc.property(codes, fc.integer({ min: 1, max: 300 }), (given, limit) => {
        const moment = { codes: Int16Array.from(given), scale: 0.01 }
        const { shares, zeros, beyond } = ridgeOf(moment.codes, moment.scale, rangeOf([moment], limit))
        expect(shares.reduce((sum, share) => sum + share, 0) + zeros + beyond).toBeCloseTo(1, 4)
      }),
    )
  })

  test('puts a value into the bin where it lies', () => {
    const { shares } = ridgeOf(Int16Array.of(-10, -10, 5, 10), 0.1, { low: -1, high: 1 })
    const full = [...shares.entries()].filter(([, share]) => share > 0)
    expect(full).toEqual([
      [0, 0.5],
      [9, 0.25],
      [shares.length - 1, 0.25],
    ])
    expect(tallestOf([{ shares, zeros: 0, beyond: 0 }])).toBe(0.5)
  })

  test('of what is not finite is beyond', () => {
    const given = Int16Array.of(NOT_A_NUMBER, PLUS_INFINITY, MINUS_INFINITY, 0)
    expect(ridgeOf(given, 1, { low: -1e9, high: 1e9 })).toMatchObject({ zeros: 0.25, beyond: 0.75 })
  })
})

test('the range holds all values, but a spike does not stretch it past the scale of the tensor', () => {
  const usual = { codes: Int16Array.of(-5, 9), scale: 0.1 }
  const spike = { codes: Int16Array.of(-32766, 2), scale: 1 }
  expect(rangeOf([usual], 4)).toEqual({ low: -0.5, high: expect.closeTo(0.9, 9) as number })
  expect(rangeOf([usual, spike], 4)).toEqual({ low: -4, high: 2 })
  expect(rangeOf([], 4)).toEqual({ low: -1, high: 1 })
})

test('the depth of a height is that of the line there', () => {
  const size = { width: 300, height: 170 }
  for (const depth of [0, 0.25, 1]) expect(depthAt(floorOf(depth, size), size)).toBeCloseTo(depth, 9)
})

describe('the scale of a trend', () => {
  test('is logarithmic where values span decades, and begins at 0 where that costs nothing', () => {
    expect(trendScale([1e-5, 1e-2])).toEqual({ low: 1e-5, high: 1e-2, isLog: true })
    expect(trendScale([0, 1e-5, 1e-4, 1e-3, 1e-2]).isLog).toBe(true) // the first step has no update yet
    expect(trendScale([0.2, 0.8])).toEqual({ low: 0, high: 0.8, isLog: false })
    expect(trendScale([0.9, 1])).toEqual({ low: 0.9, high: 1, isLog: false })
    expect(trendScale([-1, 100]).isLog).toBe(false)
    expect(trendScale([2, 2])).toEqual({ low: 0, high: 4, isLog: false })
    expect(trendScale([NaN])).toEqual({ low: 0, high: 1, isLog: false })
    expect(trendScale([1, 1], [0.5, 2])).toEqual({ low: -1, high: 3, isLog: false })
  })

  test('has every value it was made from within the height', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const scale = trendScale(values)
        for (const value of values) {
          const y = heightOf(scale, value, { width: 300, height: 40 })
          if (!Number.isNaN(y)) expect(y >= 4.99 && y <= 35.01).toBe(true)
        }
      }),
    )
  })
})

describe('a film', () => {
  test('has tiles side by side and rows below each other, all within its room', () => {
    const room = { width: 900, height: 86 }
    const tiles = filmOf(matrix(0, 5, 5), 12, room)
    expect(new Set(tiles.map(({ y }) => y)).size).toBe(1)
    const lines = filmOf(
      tiled({ start: 0, tiles: 40, across: 40, tileRows: 1, tileColumns: 1, gap: 0 }),
      36,
      room,
    )
    expect(new Set(lines.map(({ x }) => x)).size).toBe(1)
    for (const still of [...tiles, ...lines]) {
      expect(still.x + still.width).toBeLessThanOrEqual(room.width)
      expect(still.y + still.height).toBeLessThanOrEqual(room.height)
    }
  })

  test('of nothing is nothing', () => {
    expect(filmOf(matrix(0, 5, 5), 0, { width: 9, height: 9 })).toEqual([])
    expect(filmOf(matrix(0, 5, 5), 3, { width: 0, height: 9 })).toEqual([])
  })
})

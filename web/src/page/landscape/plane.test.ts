import { describe, expect, test } from 'vitest'
import { landscapeOf, readLandscapeEntry } from '../../run/landscape'
import { Fields } from '../../run/fields'
import { groundOf, lossBelow, nearestPoint, pathOn, pointAt } from './plane'

const ENTRY = {
  source: 'digits',
  examples: 7,
  resolution: 3,
  left: -2,
  right: 2,
  bottom: -2,
  top: 2,
  share_x: 0.8,
  share_y: 0.1,
}
const LOSS = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)
/** Steps 0, 10 and 40 at (-2, -2), (0, 0) and (1, 1). */
const PATH = Float64Array.of(0, -2, -2, 0.5, 1, 10, 0, 0, 0.2, NaN, 40, 1, 1, 0, 6)

const entryOf = (change: object = {}) => readLandscapeEntry(new Fields({ ...ENTRY, ...change }, 'landscape'))
const landscape = landscapeOf(entryOf(), LOSS, PATH)

describe('a landscape', () => {
  test('is read with its path', () => {
    expect(landscape.path).toHaveLength(3)
    expect(landscape.path[1]).toEqual({ step: 10, x: 0, y: 0, off: 0.2, loss: NaN })
    expect(landscape.entry.shares).toEqual([0.8, 0.1])
  })

  test.each([
    ['a turned plane', () => entryOf({ left: 3 })],
    ['a grid for giants', () => entryOf({ resolution: 1e9 })],
    ['a share that is none', () => entryOf({ share_x: null })],
    ['losses that are missing', () => landscapeOf(entryOf(), LOSS.subarray(1), PATH)],
    ['a path that is cut', () => landscapeOf(entryOf(), LOSS, PATH.subarray(1))],
    ['no path', () => landscapeOf(entryOf(), LOSS, new Float64Array())],
  ])('with %s is refused', (_, read) => {
    expect(read).toThrow('this run cannot be trusted')
  })

  test('has its path on the picture, the first row of the grid at the bottom', () => {
    expect([...pathOn(landscape, { width: 100, height: 100 })]).toEqual([0, 100, 50, 50, 75, 25])
  })

  test('is where the last point up to a step is', () => {
    expect([-1, 0, 9, 10, 39, 40, 99].map((step) => pointAt(landscape, step))).toEqual([0, 0, 0, 1, 1, 2, 2])
  })

  test('is sought along its path', () => {
    const path = pathOn(landscape, { width: 100, height: 100 })
    expect([nearestPoint(path, 0, 90), nearestPoint(path, 55, 52), nearestPoint(path, 99, 0)]).toEqual([
      0, 1, 2,
    ])
  })

  test('has the loss of the plane below a point, between the points of its grid', () => {
    expect([0, 1, 2].map((point) => lossBelow(landscape, point))).toEqual([1, 5, 7])
  })

  test('goes down four decades in colour, and has a scale whatever its losses are', () => {
    expect(groundOf(landscape)).toMatchObject({ low: 1, high: 9 })
    const of = (loss: number[]) => groundOf(landscapeOf(entryOf(), Float64Array.from(loss), PATH))
    expect(of([1e-9, 1, 1, 1, 1, 1, 1, 1, 100]).low).toBeCloseTo(0.01, 9)
    const flat = of([2, 2, 2, 2, 2, 2, 2, 2, 2])
    expect(flat.low).toBeLessThan(flat.high)
    const none = of([NaN, NaN, NaN, NaN, 0, -1, NaN, NaN, Infinity])
    expect(none.low).toBeLessThan(none.high)
  })
})

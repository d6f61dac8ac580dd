import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Axis } from './axis'

const LEFT = 8
const WIDTH = 600

/** Steps of frames, dense early, and the last step of the run, which may have no frame. */
const runs = fc
  .record({
    frames: fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 40 }),
    more: fc.nat(100),
  })
  .map(({ frames, more }) => {
    const steps = frames.sort((a, b) => a - b)
    return { steps, last: (steps.at(-1) ?? 0) + more }
  })

describe('the axis of time', () => {
  test('goes from its left end at step 0 to its right end at the last step', () => {
    fc.assert(
      fc.property(runs, ({ steps, last }) => {
        fc.pre(last > 0)
        const axis = new Axis(steps, last, LEFT, WIDTH)
        expect(axis.x(0)).toBeCloseTo(LEFT, 6)
        expect(axis.x(last)).toBeCloseTo(LEFT + WIDTH, 6)
      }),
    )
  })

  test('never goes back, and every frame has a place of its own', () => {
    fc.assert(
      fc.property(runs, fc.nat(6000), fc.nat(6000), ({ steps, last }, a, b) => {
        const axis = new Axis(steps, last, LEFT, WIDTH)
        expect(axis.x(Math.min(a, b))).toBeLessThanOrEqual(axis.x(Math.max(a, b)))
        for (let i = 1; i < steps.length; i++) {
          expect(axis.x(steps[i] ?? 0) - axis.x(steps[i - 1] ?? 0)).toBeGreaterThan(
            WIDTH / (2 * steps.length + 4) / 1.01,
          )
        }
      }),
    )
  })

  test('gives a step back from its place', () => {
    fc.assert(
      fc.property(runs, fc.double({ min: 0, max: 1, noNaN: true }), ({ steps, last }, share) => {
        fc.pre(last > 0)
        const axis = new Axis(steps, last, LEFT, WIDTH)
        const step = share * last
        expect(axis.step(axis.x(step))).toBeCloseTo(step, 5)
      }),
    )
  })

  test('holds what is pointed at beside it to its ends', () => {
    const axis = new Axis([0, 10, 20], 20, LEFT, WIDTH)
    expect([axis.step(-50), axis.step(LEFT + WIDTH + 50), axis.x(-3), axis.x(99)]).toEqual([
      0,
      20,
      LEFT,
      LEFT + WIDTH,
    ])
  })

  test('is that of the steps where frames are evenly spaced', () => {
    const axis = new Axis([0, 10, 20, 30, 40], 40, 0, 400)
    for (const step of [0, 5, 13, 40]) expect(axis.x(step)).toBeCloseTo(10 * step, 9)
  })

  test('gives early frames room where most is learned early', () => {
    const axis = new Axis([0, 1, 2, 3, 4, 5, 6, 7, 8, 1000], 1000, 0, 1000)
    expect(axis.x(8)).toBeGreaterThan(400)
  })

  test('of a run of no step, or without room, is a point', () => {
    const none = new Axis([0], 0, LEFT, WIDTH)
    expect([none.x(0), none.step(300), none.labels(50)]).toEqual([LEFT, 0, [0]])
    expect(Number.isFinite(new Axis([0, 5], 5, LEFT, 0).step(20))).toBe(true)
  })

  test('has round steps written below it, never closer than words are wide', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 20, max: 120 }), ({ steps, last }, apart) => {
        const axis = new Axis(steps, last, LEFT, WIDTH)
        const labels = axis.labels(apart)
        expect(labels[0]).toBe(0)
        expect(labels.at(-1)).toBe(last)
        for (const label of labels.slice(1, -1)) expect(String(label)).toMatch(/^([125]0*|[1-9]000+)$/)
        for (let i = 1; i < labels.length; i++) {
          const space = axis.x(labels[i] ?? 0) - axis.x(labels[i - 1] ?? 0)
          if (labels.length > 2) expect(space).toBeGreaterThanOrEqual(apart)
        }
      }),
    )
  })

  test('has every thousand written where there is room', () => {
    const even = Array.from({ length: 51 }, (_, i) => 100 * i)
    expect(new Axis(even, 5000, 0, 1000).labels(90)).toEqual([0, 500, 1000, 2000, 3000, 4000, 5000])
  })

  test('of a run of a thousand million steps is labelled at once', () => {
    const before = performance.now()
    expect(new Axis([0, 1e9], 1e9, 0, 1000).labels(100).length).toBeLessThan(12)
    expect(performance.now() - before).toBeLessThan(100)
  })
})

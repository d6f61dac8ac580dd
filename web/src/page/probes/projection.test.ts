import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MOST_POINTS, project, projectionOf, type Projection } from './projection'

/** Points on a plane within many dimensions: `spread` along two given axes. */
function plane(count: number, width: number, spread: readonly [number, number]): Float32Array {
  const points = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    points[i * width + 1] = spread[0] * Math.cos(i)
    points[i * width + 3] = 5 + spread[1] * Math.sin(2.7 * i)
  }
  return points
}

function made(points: Float32Array, width: number): Projection {
  const projection = projectionOf(points, width)
  if (!projection) throw new Error('no projection')
  return projection
}

describe('the projection', () => {
  test('finds the two main axes', () => {
    const { axes, share } = made(plane(90, 6, [3, 1]), 6)
    expect(Math.abs(axes[0][1] ?? 0)).toBeCloseTo(1, 3)
    expect(Math.abs(axes[1][3] ?? 0)).toBeCloseTo(1, 3)
    expect(share).toBeCloseTo(1, 6)
  })

  test('has axes of length 1 at right angles, whatever the points', () => {
    const value = fc.float({ min: -100, max: 100, noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(value, { minLength: 8, maxLength: 80 }), (values) => {
        const projection = projectionOf(Float32Array.from(values), 4)
        if (!projection) return
        const [first, second] = projection.axes
        expect(Math.hypot(...first)).toBeCloseTo(1, 6)
        expect(Math.hypot(...second)).toBeCloseTo(1, 6)
        expect(first.reduce((sum, a, i) => sum + a * (second[i] ?? 0), 0)).toBeCloseTo(0, 5)
        expect(projection.share).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('keeps the distances of points that lie on a plane', () => {
    const points = plane(40, 6, [3, 2])
    const projection = made(points, 6)
    const at = (i: number) => points.subarray(6 * i, 6 * i + 6)
    const [a, b] = [project(projection, at(3)), project(projection, at(17))]
    const far = Math.hypot(...at(3).map((value, i) => value - (at(17)[i] ?? 0)))
    expect(Math.hypot(a[0] - b[0], a[1] - b[1])).toBeCloseTo(far, 3)
  })

  test('is always the same, leaves out what is not finite, and takes a few points of many', () => {
    const points = plane(MOST_POINTS * 3, 6, [3, 1])
    points[0] = NaN
    points[13] = Infinity
    const [first, again] = [made(points, 6), made(points, 6)]
    expect(first.axes).toEqual(again.axes)
    expect(first.axes[0].every(Number.isFinite)).toBe(true)
  })

  test('of points on a line has a second axis, and of one place there is none', () => {
    const { axes } = made(plane(20, 6, [3, 0]), 6)
    expect(Math.hypot(...axes[1])).toBeCloseTo(1, 6)
    expect(projectionOf(new Float32Array(30).fill(2), 3)).toBeNull()
    expect(projectionOf(new Float32Array(), 3)).toBeNull()
    expect(projectionOf(Float32Array.of(1, 2, 3), 3)).toBeNull()
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitted, LEAST_ZOOM, MOST_ZOOM, moved, zoomedAt } from './camera'

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const cameras = fc.record({
  zoom: number(LEAST_ZOOM, MOST_ZOOM),
  left: number(-5000, 5000),
  top: number(-5000, 5000),
})
const margin = { side: 30, top: 14, bottom: 44 }

describe('the camera', () => {
  test('keeps the point under the hand where it is while it zooms', () => {
    fc.assert(
      fc.property(cameras, number(0.01, 100), number(0, 2000), number(0, 2000), (camera, factor, x, y) => {
        const after = zoomedAt(camera, factor, x, y)
        const point = [(x - camera.left) / camera.zoom, (y - camera.top) / camera.zoom] as const
        expect(point[0] * after.zoom + after.left).toBeCloseTo(x, 4)
        expect(point[1] * after.zoom + after.top).toBeCloseTo(y, 4)
        expect(after.zoom).toBeGreaterThanOrEqual(LEAST_ZOOM)
        expect(after.zoom).toBeLessThanOrEqual(MOST_ZOOM)
      }),
    )
  })

  test('zooms by the factor, up to its ends', () => {
    const camera = { zoom: 2, left: 0, top: 0 }
    expect(zoomedAt(camera, 1.5, 10, 10).zoom).toBe(3)
    expect(zoomedAt(camera, 100, 10, 10).zoom).toBe(MOST_ZOOM)
    expect(zoomedAt(camera, 0, 10, 10).zoom).toBe(LEAST_ZOOM)
    expect(zoomedAt({ ...camera, zoom: MOST_ZOOM }, 2, 500, 7)).toEqual({ ...camera, zoom: MOST_ZOOM })
  })

  test('moves with the hand, whatever the zoom', () => {
    expect(moved({ zoom: 3, left: 10, top: 20 }, 5, -8)).toEqual({ zoom: 3, left: 15, top: 12 })
  })

  test('shows the whole map in the middle of what the margins leave', () => {
    const size = (min: number, max: number) =>
      fc.record({ width: number(min, max), height: number(min, max) })
    fc.assert(
      fc.property(size(1, 8000), size(200, 2000), (map, window) => {
        const { zoom, left, top } = fitted(map, window, margin)
        const [right, bottom] = [left + map.width * zoom, top + map.height * zoom]
        expect(left - margin.side).toBeCloseTo(window.width - margin.side - right, 6)
        expect(top - margin.top).toBeCloseTo(window.height - margin.bottom - bottom, 6)
        if (zoom === LEAST_ZOOM) return
        expect(left).toBeGreaterThanOrEqual(margin.side - 1e-6)
        expect(top).toBeGreaterThanOrEqual(margin.top - 1e-6)
        const isTouching = left < margin.side + 1e-6 || top < margin.top + 1e-6
        expect(isTouching || zoom === 1.3).toBe(true) // as large as it can be
      }),
    )
  })

  test('has a zoom for an empty map, and in a window smaller than its margins', () => {
    expect(fitted({ width: 0, height: 0 }, { width: 800, height: 600 }, margin).zoom).toBe(1.3)
    expect(fitted({ width: 500, height: 500 }, { width: 20, height: 20 }, margin).zoom).toBe(LEAST_ZOOM)
  })
})

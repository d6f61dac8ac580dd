import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openFixture } from '../../testing/fixture'
import { framesOf, zoomOf, zoomText } from './zoom'

describe('the span of steps in an address', () => {
  test.each([
    ['100-250', { from: 100, to: 250 }],
    ['250-100', null],
    ['5-5', null],
    ['a-b', null],
    ['', null],
    [undefined, null],
  ])('%j stands for %j', (text, zoom) => {
    expect(zoomOf(text)).toEqual(zoom)
  })

  test('comes back as it was chosen, whichever end was first; the whole run is none', () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 1100 }), fc.double({ min: -50, max: 1100 }), (one, other) => {
        fc.pre(!Number.isNaN(one + other))
        const zoom = zoomOf(zoomText(one, other, 1000))
        expect(zoomText(other, one, 1000)).toBe(zoomText(one, other, 1000))
        if (!zoom) return
        expect(zoom.from).toBeGreaterThanOrEqual(0)
        expect(zoom.to).toBeLessThanOrEqual(1000)
        expect(zoom.from < zoom.to && zoom.to - zoom.from < 1000).toBe(true)
      }),
    )
    expect(zoomText(0, 1000, 1000)).toBe('')
  })

  test('has the frames in it; between two frames it has the nearest', async () => {
    const { frames } = await openFixture('packed')
    const steps = Array.from({ length: frames.count }, (_, i) => frames.step(i))
    const last = steps.at(-1) ?? 0
    for (let from = 0; from < last; from++) {
      for (let to = from + 1; to <= last; to++) {
        const [first, end] = framesOf({ from, to }, frames)
        const inside = steps.flatMap((step, i) => (step >= from && step <= to ? [i] : []))
        expect(first).toBeLessThanOrEqual(end)
        if (inside.length) expect([first, end]).toEqual([inside[0], inside.at(-1)])
      }
    }
  })
})

import { expect, test } from 'vitest'
import { drawHeat } from './heat'
import { PALETTES } from './paper/palette'
import { rampAt, RAMPS } from './paper/ramp'

const [ramp, palette] = [RAMPS.light, PALETTES.light]

function drawn(shares: number[], rows: number, edges: number[], width: number, height: number) {
  const pixels = { width, height, data: new Uint8ClampedArray(4 * width * height) }
  drawHeat({ rows, shares: Float32Array.from(shares), edges }, ramp, palette, pixels)
  return (x: number, y: number) =>
    Array.from(pixels.data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4))
}
const inked = (share: number) => [...Uint8ClampedArray.from(rampAt(share, ramp)), 255]

test('every frame has its place, from its step to the next', () => {
  const at = drawn([0, 1, 0.5, NaN], 2, [0, 2, 6], 6, 2)
  expect([at(0, 0), at(1, 0), at(2, 0), at(5, 0)]).toEqual([inked(0), inked(0), inked(1), inked(1)])
  expect(at(1, 1)).toEqual(inked(0.5))
  expect(at(3, 1)).toEqual([0, 0, 0, 0]) // nothing is known there
})

test('of frames that share a pixel the largest shows: no spike is lost', () => {
  const shares = Array.from({ length: 1000 }, (_, frame) => (frame === 777 ? 1 : 0.1))
  const edges = Array.from({ length: 1001 }, (_, frame) => frame / 100)
  const at = drawn(shares, 1, edges, 10, 1)
  expect(at(7, 0)).toEqual(inked(1))
  expect(at(6, 0)).toEqual(inked(Math.fround(0.1)))
})

test('what is not finite has stripes of its own, before any value', () => {
  const at = drawn([0.9, Infinity, NaN], 1, [0, 0.4, 0.7, 8], 8, 1)
  expect([palette.mark, palette.markStripe].map((colour) => [...colour, 255])).toContainEqual(at(0, 0))
  expect(at(4, 0)).toEqual([0, 0, 0, 0])
})

test('what lies before the edge of the strip is not drawn, and before the first frame there is nothing', () => {
  const at = drawn([0.2, 0.8], 1, [-50, -10, 4], 8, 1)
  expect(at(0, 0)).toEqual(inked(Math.fround(0.8)))
  expect(at(5, 0)).toEqual([0, 0, 0, 0])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { between, contour, levelsOf, paintGround, shareAt, type Ground } from './landscape'
import { PALETTES } from './paper/palette'
import { RAMPS } from './paper/ramp'

/** A bowl: the loss grows with the distance from the middle. */
function bowl(side: number): Ground {
  const loss = Float64Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [(i % side) - (side - 1) / 2, Math.floor(i / side) - (side - 1) / 2]
    return 0.01 * Math.exp(Math.hypot(x, y))
  })
  return { side, loss, low: 0.01, high: Math.max(...loss) }
}

const grounds = fc.integer({ min: 3, max: 9 }).chain((side) =>
  fc
    .array(fc.double({ min: 0.01, max: 10, noNaN: true }), {
      minLength: side * side,
      maxLength: side * side,
    })
    .map((loss): Ground => ({ side, loss, low: 0.01, high: 10 })),
)

describe('a contour line', () => {
  test('lies where the loss between the points has its level', () => {
    fc.assert(
      fc.property(grounds, fc.constantFrom(0.02, 0.1, 0.5, 1, 5), (ground, level) => {
        const wanted = Math.log(level / ground.low) / Math.log(ground.high / ground.low)
        for (const [x0, y0, x1, y1] of contour(ground, level)) {
          expect(between(ground, x0, y0)).toBeCloseTo(wanted, 6)
          expect(between(ground, x1, y1)).toBeCloseTo(wanted, 6)
        }
      }),
    )
  })

  test('parts what is above it from what is below: every side that it crosses has one end, shared by its two cells', () => {
    fc.assert(
      fc.property(grounds, (ground) => {
        const level = 0.5
        const wanted = Math.log(level / ground.low) / Math.log(ground.high / ground.low)
        const ends = contour(ground, level).flatMap(([x0, y0, x1, y1]) => [`${x0} ${y0}`, `${x1} ${y1}`])
        let crossed = 0
        const isBelow = (row: number, column: number) => shareAt(ground, row * ground.side + column) < wanted
        for (let row = 0; row < ground.side; row++) {
          for (let column = 0; column < ground.side; column++) {
            const inner = (at: number) => (at > 0 && at < ground.side - 1 ? 2 : 1)
            if (column + 1 < ground.side && isBelow(row, column) !== isBelow(row, column + 1))
              crossed += inner(row)
            if (row + 1 < ground.side && isBelow(row, column) !== isBelow(row + 1, column))
              crossed += inner(column)
          }
        }
        expect(ends).toHaveLength(crossed)
      }),
    )
  })

  test('of a bowl is a ring', () => {
    const ground = bowl(21)
    const middle = 10
    const segments = contour(ground, 0.01 * Math.exp(5))
    expect(segments.length).toBeGreaterThan(20)
    for (const [x, y] of segments) expect(Math.hypot(x - middle, y - middle)).toBeCloseTo(5, 0)
  })

  test('is not drawn where the loss is not finite', () => {
    const ground = { ...bowl(5), loss: new Float64Array(25).fill(Infinity) }
    expect(contour(ground, 0.1)).toEqual([])
  })
})

test('lines stand at 1, 2 and 5 of every decade between the ends', () => {
  expect(levelsOf({ side: 3, loss: [], low: 0.004, high: 2.5 })).toEqual([
    0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2,
  ])
})

test('the first row of the grid lies at the bottom, and what is not finite has stripes', () => {
  const ground = { side: 3, loss: [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, NaN], low: 0.1, high: 1 }
  const pixels = { width: 30, height: 30, data: new Uint8ClampedArray(4 * 900) }
  paintGround(ground, RAMPS.light, PALETTES.light, pixels)
  const at = (x: number, y: number) =>
    Array.from(pixels.data.subarray(4 * (30 * y + x), 4 * (30 * y + x) + 3))
  const sum = (colour: number[]) => colour.reduce((total, channel) => total + channel, 0)
  expect(sum(at(2, 28))).toBeLessThan(sum(at(2, 12))) // dark is high
  expect([[...PALETTES.light.mark], [...PALETTES.light.markStripe]]).toContainEqual(at(28, 2))
})

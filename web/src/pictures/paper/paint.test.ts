import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUS_INFINITY, NOT_A_NUMBER, PLUS_INFINITY } from '../../run/codes'
import { paint, shareOf, type Ink } from './paint'
import { colourOf, PALETTES, type Colour } from './palette'
import { matrix, tiled, valueAt, type Sheet } from './sheet'

const PALETTE = PALETTES.light

function inkOf(codes: readonly number[], more: Partial<Ink> = {}): Ink {
  return { codes: Int16Array.from(codes), gain: 0.01, bias: 0, base: null, ...more }
}

function painted(sheet: Sheet, ink: Ink, width: number, height: number) {
  const pixels = { width, height, data: new Uint8ClampedArray(4 * width * height).fill(7) }
  paint(sheet, ink, PALETTE, pixels)
  return (x: number, y: number): number[] => [
    ...pixels.data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
  ]
}

function bytes(colour: Colour): number[] {
  return [...Uint8ClampedArray.from(colour), 255]
}

describe('a share of the scale', () => {
  test('is the code times what one is worth, and what is added', () => {
    expect(shareOf(inkOf([50, -100]), 0)).toBe(0.5)
    expect(shareOf(inkOf([50, -100], { bias: 2 }), 1)).toBe(1)
  })

  test('is nothing where the value is not finite, or there is none', () => {
    const ink = inkOf([NOT_A_NUMBER, PLUS_INFINITY, MINUS_INFINITY])
    expect([0, 1, 2, 3].map((index) => shareOf(ink, index))).toEqual([NaN, NaN, NaN, NaN])
  })

  test('of a change is the difference of two values, each with its own scale', () => {
    const base = { codes: Int16Array.of(10, NOT_A_NUMBER, 5), gain: 0.02, veil: 0 }
    const ink = inkOf([50, 50, PLUS_INFINITY], { base })
    expect(shareOf(ink, 0)).toBeCloseTo(0.5 - 0.2, 12)
    expect([shareOf(ink, 1), shareOf(ink, 2)]).toEqual([NaN, NaN])
  })
})

describe('painting', () => {
  test('gives every pixel the colour of the cell it lies in, and none to the gaps', () => {
    const cells = fc.record({
      tiles: fc.integer({ min: 1, max: 7 }),
      across: fc.integer({ min: 1, max: 4 }),
      tileRows: fc.integer({ min: 1, max: 3 }),
      tileColumns: fc.integer({ min: 1, max: 3 }),
      gap: fc.nat(1),
      start: fc.nat(5),
      cell: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(cells, ({ cell, ...tiling }) => {
        const sheet = tiled(tiling)
        const codes = Array.from({ length: 80 }, (_, i) => 3 * i - 100)
        const at = painted(sheet, inkOf(codes), cell * sheet.columns, cell * sheet.rows)
        for (let y = 0; y < cell * sheet.rows; y++) {
          for (let x = 0; x < cell * sheet.columns; x++) {
            const index = valueAt(sheet, Math.floor(x / cell), Math.floor(y / cell))
            const colour = bytes(colourOf(0.01 * (codes[index] ?? 0), PALETTE))
            if (index < 0) expect(at(x, y)[3]).toBe(0)
            else expect(at(x, y)).toEqual(colour)
          }
        }
      }),
    )
  })

  test('draws a bar from the middle up to a positive value and down to a negative one', () => {
    const at = painted(matrix(0, 1, 3, 'bars'), inkOf([100, -50, 0]), 3, 8)
    const column = (x: number) => Array.from({ length: 8 }, (_, y) => at(x, y))
    const [up, down, none] = [PALETTE.positive, PALETTE.negative, PALETTE.zero].map(bytes)
    expect(column(0)).toEqual([up, up, up, up, none, none, none, none])
    expect(column(1)).toEqual([none, none, none, none, down, down, none, none])
    expect(column(2)).toEqual(new Array(8).fill(none))
  })

  test('draws a column from the bottom up', () => {
    const at = painted(matrix(0, 1, 2, 'columns'), inkOf([50, 100]), 2, 4)
    const [full, none] = [PALETTE.positive, PALETTE.zero].map(bytes)
    expect([0, 1, 2, 3].map((y) => at(0, y))).toEqual([none, none, full, full])
    expect([0, 1, 2, 3].map((y) => at(1, y))).toEqual([full, full, full, full])
  })

  test('mixes three values to a colour', () => {
    const sheet = matrix(0, 1, 1, 'rgb')
    const colours: Sheet = { ...sheet, steps: { ...sheet.steps, channel: 1 } }
    expect(painted(colours, inkOf([100, 50, 0]), 1, 1)(0, 0)).toEqual([255, 128, 0, 255])
    expect(painted(sheet, inkOf([50, 100, 100]), 1, 1)(0, 0)).toEqual([128, 128, 128, 255])
  })

  test('marks what is not finite with stripes of two colours', () => {
    const at = painted(matrix(0, 1, 1), inkOf([NOT_A_NUMBER]), 12, 12)
    const seen = new Set(Array.from({ length: 144 }, (_, i) => at(i % 12, Math.floor(i / 12)).join()))
    expect(seen).toEqual(new Set([PALETTE.mark, PALETTE.markStripe].map((colour) => bytes(colour).join())))
    expect(at(0, 0)).not.toEqual(at(3, 0))
    expect(at(0, 0)).toEqual(at(1, 11)) // they run slanting
  })
})

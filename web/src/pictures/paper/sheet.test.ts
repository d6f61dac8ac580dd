import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrange, matrix, tiled, valueAt } from './sheet'

describe('a sheet', () => {
  test('of one tile is a matrix as it lies in memory', () => {
    const sheet = matrix(7, 2, 3)
    expect([sheet.columns, sheet.rows]).toEqual([3, 2])
    expect([valueAt(sheet, 0, 0), valueAt(sheet, 2, 0), valueAt(sheet, 0, 1), valueAt(sheet, 2, 1)]).toEqual([
      7, 9, 10, 12,
    ])
  })

  test('has no value outside of it, in its gaps and behind its last tile', () => {
    const sheet = tiled({ start: 0, tiles: 3, across: 2, tileRows: 2, tileColumns: 2, gap: 1 })
    expect([sheet.columns, sheet.rows]).toEqual([5, 5])
    expect(valueAt(sheet, 3, 0)).toBe(4)
    expect(valueAt(sheet, 0, 3)).toBe(8)
    const none = [valueAt(sheet, 2, 0), valueAt(sheet, 0, 2), valueAt(sheet, 3, 3)]
    expect([...none, valueAt(sheet, 5, 0), valueAt(sheet, 0, 5), valueAt(sheet, -1, 0)]).toEqual(
      new Array(6).fill(-1),
    )
  })

  test('without tiles, or with empty ones, has no cells', () => {
    expect(tiled({ start: 0, tiles: 0, across: 4, tileRows: 2, tileColumns: 2, gap: 1 })).toMatchObject({
      columns: 0,
      rows: 0,
    })
    expect(matrix(0, 0, 5).rows).toBe(0)
  })
})

describe('an arrangement', () => {
  const tile = fc.integer({ min: 1, max: 9 })

  test('has at least one tile in a row and no more than there are', () => {
    const side = fc.integer({ min: 1, max: 500 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        tile,
        tile,
        fc.nat(2),
        side,
        side,
        (tiles, w, h, gap, x, y) => {
          const across = arrange(tiles, w, h, gap, { width: x, height: y })
          expect(across).toBeGreaterThanOrEqual(1)
          expect(across).toBeLessThanOrEqual(tiles)
        },
      ),
    )
  })

  test('is about as wide for its height as its place', () => {
    expect(arrange(64, 1, 1, 0, { width: 100, height: 100 })).toBe(8)
    expect(arrange(64, 1, 1, 0, { width: 400, height: 100 })).toBe(16)
    expect(arrange(64, 5, 5, 1, { width: 100, height: 400 })).toBe(4)
  })

  test('leaves no row half empty for that', () => {
    expect(arrange(9, 1, 1, 0, { width: 135, height: 100 })).toBe(3) // four by three would fit, with three left empty
    expect(arrange(8, 1, 1, 0, { width: 250, height: 100 })).toBe(4)
  })
})

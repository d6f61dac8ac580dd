import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pictureFor } from '../../pictures/paper/choose'
import { matrix, tiled } from '../../pictures/paper/sheet'
import { PROBES, sizes, tensors } from '../../testing/tensors'
import { enlarged } from './enlarge'

describe('a picture that is enlarged', () => {
  test('fits its room, whatever it is', () => {
    fc.assert(
      fc.property(tensors, sizes, (tensor, room) => {
        const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: PROBES }, room)
        const { width, height } = enlarged(sheet, room)
        expect(width).toBeLessThanOrEqual(room.width + 1e-9)
        expect(height).toBeLessThanOrEqual(room.height + 1e-9)
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('has whole pixels a cell where there is room', () => {
    expect(enlarged(matrix(0, 10, 20), { width: 417, height: 300 })).toEqual({ width: 400, height: 300 })
    const tiles = tiled({ start: 0, tiles: 4, across: 2, tileRows: 3, tileColumns: 3, gap: 1 })
    expect(enlarged(tiles, { width: 150, height: 100 })).toEqual({ width: 98, height: 98 })
  })

  test('has cells no larger than tell something', () => {
    expect(enlarged(matrix(0, 2, 2), { width: 1000, height: 1000 })).toEqual({ width: 68, height: 68 })
  })

  test('has square cells in tiles, and may have oblong ones as a matrix', () => {
    const filters = tiled({ start: 0, tiles: 2, across: 1, tileRows: 50, tileColumns: 2, gap: 1 })
    expect(enlarged(filters, { width: 300, height: 300 })).toEqual({ width: 2 * 2, height: 101 * 2 })
    expect(enlarged(matrix(0, 100, 2), { width: 300, height: 300 })).toEqual({ width: 2 * 12, height: 300 })
  })

  test('without room has no size', () => {
    expect(enlarged(matrix(0, 2, 2), { width: 0, height: 50 })).toEqual({ width: 0, height: 0 })
    expect(enlarged(matrix(0, 2, 2), { width: 50, height: -3 })).toEqual({ width: 0, height: 0 })
  })
})

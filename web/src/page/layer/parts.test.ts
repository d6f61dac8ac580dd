import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placesOn, PROBES, rangeOf, sizes, tensorOf, tensors } from '../../testing/tensors'
import { pictureFor } from '../../pictures/paper/choose'
import { boxOfPart, walked } from './cursor'
import { framesOf } from './moments.svelte'
import { movedMost, partAt, partsOf, sheetOfPart, spread } from './parts'
import { axesOf, indexOf, wordsOf } from './place'
import { ticksOf } from './ticks'

const NO_WORDS = { across: [], down: [] }

describe('the parts of a tensor', () => {
  test('share its values, or those of the chosen probe, among them', () => {
    fc.assert(
      fc.property(tensors, fc.nat(PROBES - 1), (tensor, probe) => {
        const parts = partsOf(tensor, probe, PROBES)
        const isEach = tensor.role === 'activation' && tensor.shape[0] === PROBES
        expect(parts.count * parts.width).toBe(isEach ? tensor.count / PROBES : tensor.count)
        for (let place = 0; place < tensor.count; place++) {
          const part = partAt(parts, tensor, tensor.offset + place)
          const isInside = place >= parts.start && place < parts.start + parts.count * parts.width
          expect(part >= 0).toBe(isInside)
        }
      }),
    )
  })

  test('are filters, rows, channels of one probe; a vector is one', () => {
    expect(partsOf(tensorOf({ shape: [16, 3, 5, 5] }), 0, 4)).toEqual({
      count: 16,
      width: 75,
      start: 0,
      stride: 1,
    })
    expect(partsOf(tensorOf({ shape: [90, 4], strides: [3, 1] }), 0, 4)).toEqual({
      count: 30,
      width: 4,
      start: 0,
      stride: 3,
    })
    const maps = tensorOf({ role: 'activation', shape: [4, 8, 6, 6], strides: [1, 2, 1, 1] })
    expect(partsOf(maps, 3, 4)).toEqual({ count: 4, width: 36, start: 432, stride: 2 })
    expect(partsOf(tensorOf({ shape: [10] }), 0, 4)).toEqual({ count: 1, width: 10, start: 0, stride: 1 })
  })

  test('that moved most is found by real values, each moment with its own scale', () => {
    const parts = partsOf(tensorOf({ shape: [3, 2] }), 0, 0)
    const from = { frame: 0, step: 0, scale: 1, codes: Int16Array.of(10, 10, 10, 10, 10, 10) }
    const to = { frame: 1, step: 1, scale: 0.5, codes: Int16Array.of(20, 20, 20, 26, 20, 21) }
    expect(movedMost(parts, from, to)).toBe(1)
  })

  test('are laid with each of their values once', () => {
    const parts = partsOf(tensorOf({ shape: [2, 3, 5, 4] }), 0, 0)
    for (const tile of [null, { kind: 'heat' as const, tiles: 3, rows: 5, columns: 4 }]) {
      expect(placesOn(sheetOfPart(parts, tile, 60)).sort((a, b) => a - b)).toEqual(rangeOf(60, 60))
    }
    const colour = sheetOfPart(parts, { kind: 'rgb', tiles: 1, rows: 5, columns: 4 }, 60)
    expect(placesOn(colour).sort((a, b) => a - b)).toEqual(rangeOf(60, 60))
  })

  test('are boxed where they stand', () => {
    fc.assert(
      fc.property(tensors, sizes, fc.nat(20), (tensor, room, n) => {
        fc.pre(tensor.count > 0 && tensor.role !== 'activation')
        const parts = partsOf(tensor, 0, 0)
        const part = n % parts.count
        const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: 0 }, room)
        const box = boxOfPart(sheet, tensor, parts, part)
        if (!box) return
        expect(box.column + box.columns).toBeLessThanOrEqual(sheet.columns)
        expect(box.row + box.rows).toBeLessThanOrEqual(sheet.rows)
      }),
    )
  })
})

describe('moments', () => {
  test('are spread evenly, with the first and the newest, and never more than asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 8, max: 40 }), (count, most) => {
        const frames = framesOf(count, most)
        expect([frames[0], frames.at(-1)]).toEqual([0, count - 1])
        expect(frames.length).toBeLessThanOrEqual(most)
        expect(frames.length).toBeGreaterThanOrEqual(Math.min(count, most / 2 - 1))
        const gaps = new Set(frames.slice(1, -1).map((frame, i) => frame - (frames[i] ?? 0)))
        expect(gaps.size).toBeLessThanOrEqual(1)
      }),
    )
    expect(framesOf(0, 40)).toEqual([])
  })

  test('of a growing run stay, or every second one of them', () => {
    const before = framesOf(39, 40)
    expect(framesOf(60, 40).filter((frame) => frame < 38 && !before.includes(frame))).toEqual([])
  })

  test('of a film have both ends', () => {
    expect(spread(rangeOf(0, 30), 4)).toEqual([0, 10, 19, 29])
    expect(spread([5], 4)).toEqual([5])
    expect(spread([], 4)).toEqual([])
  })
})

describe('beside a picture', () => {
  test('stand the indices of the whole tensor', () => {
    const tensor = tensorOf({ shape: [20, 60], strides: [1, 3] })
    const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: 0 }, { width: 400, height: 400 })
    const ticks = ticksOf(sheet, tensor, { width: 400, height: 400 }, NO_WORDS)
    expect(ticks.across.map(({ text }) => text)).toEqual([
      '0',
      '6',
      '12',
      '18',
      '24',
      '30',
      '36',
      '42',
      '48',
      '54',
    ])
    expect(ticks.down[3]).toEqual({ at: 70, text: '3' })
  })

  test('stand the numbers of its filters', () => {
    const tensor = tensorOf({ shape: [8, 1, 3, 3] })
    const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: 0 }, { width: 800, height: 80 })
    const { across, down } = ticksOf(sheet, tensor, { width: 310, height: 30 }, NO_WORDS)
    expect(across.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
    expect(down).toEqual([])
  })

  test('stand at most as many as there is room for', () => {
    fc.assert(
      fc.property(tensors, sizes, (tensor, room) => {
        const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: PROBES }, room)
        const { across, down } = ticksOf(sheet, tensor, room, NO_WORDS)
        expect(across.length).toBeLessThanOrEqual(room.width / 30 + 1)
        expect(down.length).toBeLessThanOrEqual(room.height / 15 + 1)
      }),
    )
  })
})

describe('the cursor', () => {
  const tensor = tensorOf({ shape: [4, 1, 3, 3] })
  const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: 0 }, { width: 800, height: 80 })

  test('steps over the gaps, and stays on the sheet', () => {
    expect(walked(sheet, { column: 2, row: 1 }, 'ArrowRight', 1)).toEqual({ column: 4, row: 1 })
    expect(walked(sheet, { column: 2, row: 1 }, 'ArrowRight', 100)).toEqual({ column: 14, row: 1 })
    expect(walked(sheet, { column: 0, row: 1 }, 'ArrowLeft', 1)).toEqual({ column: 0, row: 1 })
    expect(walked(sheet, { column: 0, row: 1 }, 'ArrowUp', 1)).toEqual({ column: 0, row: 0 })
    expect(walked(sheet, { column: 0, row: 1 }, 'Home', 1)).toBeNull()
  })
})

test('an index is said in the words of its layer', () => {
  const filter = tensorOf({ shape: [8, 2, 5, 5], strides: [2, 1, 1, 1] })
  expect(wordsOf(indexOf(filter, 57), axesOf(filter, 'Conv2d'))).toBe('filter 2, input 0, row 1, column 2')
  const map = tensorOf({ role: 'activation', shape: [3, 4, 9, 9] })
  expect(axesOf(map, 'softmax')).toEqual(['probe', 'head', 'from', 'to'])
  expect(axesOf(map, 'Conv2d')).toEqual(['probe', 'channel', 'row', 'column'])
  expect(wordsOf([1, 2], axesOf(tensorOf({ shape: [2, 2, 2] }), 'Strange'))).toBe('')
})

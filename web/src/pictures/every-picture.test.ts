/** Walks the folder: a new picture type is tested by being there. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placesOn, PROBES, rangeOf, sizes, tensorOf, tensors } from '../testing/tensors'
import { ofProbe } from './activation'
import { pictureFor, PICTURES } from './paper/choose'
import type { Picture } from './paper/picture'

const files = import.meta.glob<{ picture?: Picture }>(['./*.ts', '!./*.test.ts'], { eager: true })
const found = Object.entries(files).flatMap(([path, { picture }]) =>
  picture ? [[path, picture] as const] : [],
)

const probes = fc.nat(PROBES - 1)

function byPlace(a: number, b: number): number {
  return a - b
}

test('every picture type of the folder is known, and has a name of its own', () => {
  expect(new Set(PICTURES)).toEqual(new Set(found.map(([, picture]) => picture)))
  expect(found.length).toBeGreaterThanOrEqual(4)
  expect(new Set(PICTURES.map(({ name }) => name)).size).toBe(PICTURES.length)
})

describe.each(found)('the picture type of %s', (_, picture) => {
  /** Tensors that it says it suits. */
  const suited = tensors.filter((tensor) => picture.suits(tensor) > 0)

  test('says how well it suits a tensor, from 0 on', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const suits = picture.suits(tensor)
        expect(suits).toBeGreaterThanOrEqual(0)
        expect(suits).toBeLessThan(Infinity)
      }),
    )
  })

  test('shows each kept value once, or each of the chosen probe, and nothing of another tensor', () => {
    fc.assert(
      fc.property(suited, probes, sizes, (tensor, probe, size) => {
        const subject = { tensor, probe, probes: PROBES }
        const places = placesOn(picture.draw(subject, size)).sort(byPlace)
        const { start, kept } = ofProbe(subject)
        const ofOne = rangeOf(
          start,
          kept.reduce((a, b) => a * b, 1),
        )
        const isWhole = places.length !== ofOne.length
        expect(places).toEqual(isWhole ? rangeOf(tensor.offset, tensor.count) : ofOne)
      }),
      { numRuns: 200 },
    )
  })

  test('lays the same sheet at every frame', () => {
    fc.assert(
      fc.property(suited, probes, sizes, (tensor, probe, size) => {
        const subject = { tensor, probe, probes: PROBES }
        const sheet = picture.draw(subject, size)
        expect(picture.draw(subject, size)).toEqual(sheet)
        expect(Object.values(sheet.steps).every(Number.isInteger)).toBe(true)
        expect([sheet.columns, sheet.rows].every((cells) => Number.isInteger(cells) && cells >= 0)).toBe(true)
      }),
    )
  })

  test('has a caption', () => {
    fc.assert(
      fc.property(suited, (tensor) => {
        expect(picture.caption(tensor).trim()).not.toBe('')
      }),
    )
  })
})

describe('the picture of a tensor', () => {
  test('shows exactly the values of the chosen probe, or all where there are no probes', () => {
    fc.assert(
      fc.property(tensors, probes, sizes, (tensor, probe, size) => {
        const picture = pictureFor(tensor)
        expect(picture.suits(tensor)).toBeGreaterThan(0)
        const places = placesOn(picture.draw({ tensor, probe, probes: PROBES }, size)).sort(byPlace)
        const isEach = tensor.role === 'activation' && tensor.shape[0] === PROBES
        const count = isEach ? tensor.count / PROBES : tensor.count
        expect(places).toEqual(rangeOf(tensor.offset + (isEach ? probe * count : 0), count))
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['filters', tensorOf({ shape: [16, 3, 5, 5] }), '16 × 3 filters 5 × 5'],
    ['filters', tensorOf({ shape: [4, 1, 3, 3], role: 'gradient' }), '4 filters 3 × 3'],
    ['filters', tensorOf({ shape: [8, 2, 3, 3, 3] }), '8 × 2 filters 3 × 3 × 3'],
    ['filters', tensorOf({ shape: [8, 2, 9] }), '8 × 2 filters 9'],
    ['grid', tensorOf({ shape: [10, 1200], strides: [1, 3] }), '10 × 1,200'],
    ['grid', tensorOf({ shape: [64, 16, 1, 1] }), '64 × 16'],
    ['bars', tensorOf({ shape: [10] }), '10 values'],
    ['bars', tensorOf({ shape: [] }), 'one value'],
    ['activation', tensorOf({ shape: [PROBES, 8, 6, 6], role: 'activation' }), '8 × 6 × 6'],
    ['activation', tensorOf({ shape: [PROBES], role: 'activation' }), 'one value'],
  ])('is one of %s where that suits best', (name, tensor, caption) => {
    expect(pictureFor(tensor).name).toBe(name)
    expect(pictureFor(tensor).caption(tensor)).toBe(caption)
  })

  test('of many probes shows the last one where there are not so many', () => {
    const tensor = tensorOf({ shape: [PROBES, 4], role: 'activation', offset: 5 })
    expect(ofProbe({ tensor, probe: 99, probes: PROBES })).toEqual({ start: 13, kept: [4] })
  })

  test('of a tensor from a stranger that keeps a million million values is laid out at once', () => {
    const tensor = tensorOf({ shape: [2 ** 40, 1, 3, 3] })
    const vector = tensorOf({ shape: [PROBES, 2 ** 40], role: 'activation' })
    for (const huge of [tensor, vector]) {
      const before = performance.now()
      pictureFor(huge).draw({ tensor: huge, probe: 0, probes: PROBES }, { width: 150, height: 100 })
      expect(performance.now() - before).toBeLessThan(500)
    }
  })
})

describe('a sheet of filters', () => {
  function across(shape: readonly number[], width: number, height: number): number {
    const tensor = tensorOf({ shape })
    return pictureFor(tensor).draw({ tensor, probe: 0, probes: 0 }, { width, height }).across
  }

  test('has a column a filter where that fits its place', () => {
    expect(across([16, 4, 3, 3], 400, 100)).toBe(16)
  })

  test('has a row a filter where that fits better', () => {
    expect(across([4, 16, 3, 3], 400, 100)).toBe(16)
    expect(across([16, 4, 3, 3], 100, 400)).toBe(4)
  })

  test('keeps the inputs of a filter side by side where neither fits', () => {
    expect(across([64, 1, 3, 3], 100, 100)).toBe(8)
  })
})

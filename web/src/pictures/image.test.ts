import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { size as sizeOf } from '../run/fields'
import { placesOn, rangeOf, sizes } from '../testing/tensors'
import { drawInput } from './image'

function inputOf(shape: readonly number[]) {
  return { name: 'x', shape, dtype: 'float32', offset: 0, isImage: true }
}

describe('the input of a probe', () => {
  const inner = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 })

  test('shows every value of the chosen probe once, and none of another', () => {
    fc.assert(
      fc.property(inner, fc.nat(4), fc.nat(30), sizes, (shape, probe, start, size) => {
        const values = sizeOf(shape)
        const sheet = drawInput(inputOf([5, ...shape]), 'values', probe, start, size)
        expect(placesOn(sheet).sort((a, b) => a - b)).toEqual(rangeOf(start + probe * values, values))
      }),
    )
  })

  test('as a photograph shows the three colours of every place', () => {
    const sheet = drawInput(inputOf([2, 3, 4, 5]), 'colour', 1, 10, { width: 10, height: 10 })
    expect([sheet.kind, sheet.columns, sheet.rows]).toEqual(['rgb', 5, 4])
    expect(placesOn(sheet).sort((a, b) => a - b)).toEqual(rangeOf(70, 60))
  })

  test('in grey shows one value as all three colours', () => {
    for (const shape of [
      [2, 1, 4, 5],
      [2, 4, 5],
    ]) {
      const sheet = drawInput(inputOf(shape), 'grey', 0, 0, { width: 10, height: 10 })
      expect([sheet.kind, sheet.steps.channel]).toEqual(['rgb', 0])
      expect(placesOn(sheet)).toEqual(rangeOf(0, 20))
    }
  })

  test('as a drawing keeps its rows, and lays channels beside each other', () => {
    const one = drawInput(inputOf([1, 1, 4, 5]), 'drawing', 0, 0, { width: 10, height: 10 })
    expect([one.kind, one.columns, one.rows]).toEqual(['heat', 5, 4])
    const two = drawInput(inputOf([1, 2, 4, 5]), 'drawing', 0, 0, { width: 30, height: 10 })
    expect([two.tiles, two.columns, two.rows]).toEqual([2, 11, 4])
  })

  test('of a few values is one row', () => {
    const sheet = drawInput(inputOf([3, 16]), 'values', 2, 0, { width: 10, height: 10 })
    expect([sheet.columns, sheet.rows]).toEqual([16, 1])
  })
})

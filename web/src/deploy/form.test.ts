import { describe, expect, it } from 'vitest'
import { categoryOf, givenOf, numberOf } from './form'
import type { FormKind } from './told'

const form: FormKind = {
  kind: 'form',
  columns: ['age', 'town', 'sold', 'note'].map((name) => ({ name, kind: 'text', usual: null })),
  numbers: [
    { column: 'age', part: '' },
    { column: 'age', part: 'missing' },
    { column: 'sold', part: 'days' },
    { column: 'note', part: 'word:red' },
  ],
  categories: [
    { column: 'town', part: '', values: ['Rome', 'Oslo'], first: 0 },
    { column: 'sold', part: 'month', values: ['May'], first: 4 },
  ],
}

describe('a row as numbers and codes', () => {
  it('is what Python makes of it', () => {
    const row = new Map([
      ['age', '41.5'],
      ['town', 'Oslo'],
      ['sold', '2024-05-02'],
      ['note', 'RED, not blue'],
    ])
    const { numbers, codes } = givenOf(form, row)
    expect([...(numbers?.data as Float64Array)]).toEqual([41.5, 0, 19845, 1])
    expect([...(codes?.data as BigInt64Array)]).toEqual([3n, 6n])
  })

  it('has codes for what is not known and for what was never seen', () => {
    const { numbers, codes } = givenOf(form, new Map([['town', 'Atlantis']]))
    expect([...(numbers?.data as Float64Array)]).toEqual([NaN, 1, NaN, 0])
    expect([...(codes?.data as BigInt64Array)]).toEqual([0n, 5n])
    expect([...(givenOf(form, new Map()).codes?.data as BigInt64Array)]).toEqual([1n, 5n])
  })

  it('is the share of what is not known where no column is a number', () => {
    const { numbers } = givenOf({ ...form, numbers: [] }, new Map([['town', 'Rome']]))
    expect([...(numbers?.data as Float64Array)]).toEqual([0.75])
  })
})

describe('dates', () => {
  it('are taken as they are written, whatever the zone of the machine', () => {
    expect(numberOf('2024-02-29T23:30', 'hour')).toBe(23.5)
    expect(numberOf('2024-02-29T23:30', 'day of the month')).toBe(29)
    expect(categoryOf('2024-02-29', 'weekday')).toBe('Thursday')
    expect(categoryOf(null, 'month')).toBe(null)
  })
})

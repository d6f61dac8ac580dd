import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RunError } from './errors'
import { Fields, MOST, size } from './fields'

function refusal(deed: () => unknown): string {
  try {
    deed()
  } catch (error) {
    if (error instanceof RunError) return error.what
    throw error
  }
  throw new Error('it was not refused')
}

describe('fields', () => {
  const fields = new Fields(
    { text: 'a', none: null, shape: [2, 3], items: [{ n: 1 }, { n: -1 }] },
    'manifest',
  )

  test('are given as they are', () => {
    expect(fields.text('text')).toBe('a')
    expect(fields.shape('shape')).toEqual([2, 3])
    expect(fields.has('none')).toBe(false)
    expect(fields.has('toString')).toBe(false)
  })

  test('that are left out are given by default, where there is one', () => {
    expect(fields.text('title', 'untitled')).toBe('untitled')
    expect(fields.whole('step', 7)).toBe(7)
    expect(fields.texts('aliases')).toEqual([])
    expect(fields.items('dropped', (f) => f)).toEqual([])
    expect(refusal(() => fields.text('title'))).toContain('manifest.title is missing, not text')
  })

  test('that come from the prototype of all objects are not there', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(refusal(() => fields.value(name))).toContain(`manifest has no '${name}'`)
      expect(fields.text(name, 'otherwise')).toBe('otherwise')
    }
  })

  /** Whether nothing else is taken for it. */
  test.each([
    ['text', (f: Fields) => f.text('x'), [0, null, [], {}, true]],
    ['true or false', (f: Fields) => f.flag('x'), [0, 1, 'true', null, []]],
    ['a finite number', (f: Fields) => f.number('x'), ['1', null, Infinity, NaN, [1], true]],
    ['a whole number', (f: Fields) => f.whole('x'), [-1, 0.5, 2 ** 54, '3', null, NaN, true]],
    ['a list of whole numbers', (f: Fields) => f.wholes('x'), [3, [0.5], [-1], ['3'], [[1]], {}, null]],
    ['a list of texts', (f: Fields) => f.texts('x'), ['a', [1], [null], {}, null]],
    ['a shape', (f: Fields) => f.shape('x'), [[2 ** 27, 2 ** 27], new Array(33).fill(1)]],
    ['a list', (f: Fields) => f.items('x', (item) => item), ['a', {}, 3, null]],
    ['an object', (f: Fields) => f.inner('x'), [[], 'a', 3, null, true]],
  ])('refuse what is not %s', (expected, read, values) => {
    for (const x of values) {
      expect(refusal(() => read(new Fields({ x }, 'manifest')))).toMatch(
        new RegExp(`manifest\\.x is .*, not ${expected}`),
      )
    }
  })

  test('name the place of what is wrong in a list', () => {
    const what = refusal(() => fields.items('items', (f) => f.whole('n')))
    expect(what).toContain('manifest.items[1].n is -1')
  })

  test('show no more of a value than a line', () => {
    const what = refusal(() => new Fields({ x: 'y'.repeat(10_000) }, 'status').whole('x'))
    expect(what.length).toBeLessThan(200)
  })

  test('take whole numbers up to the last one that is exact', () => {
    expect(new Fields({ x: MOST }, 'm').whole('x')).toBe(MOST)
    expect(new Fields({ x: 0 }, 'm').whole('x')).toBe(0)
  })

  test('never throw anything but a RunError, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (x) => {
        const reads: ((f: Fields) => unknown)[] = [
          (f) => f.text('x'),
          (f) => f.flag('x'),
          (f) => f.number('x'),
          (f) => f.whole('x'),
          (f) => f.shape('x'),
          (f) => f.wholes('x'),
          (f) => f.texts('x'),
          (f) => f.items('x', (item) => item),
          (f) => f.inner('x'),
        ]
        const taken = reads.filter((read) => {
          try {
            read(new Fields({ x }, 'm'))
            return true
          } catch (error) {
            if (error instanceof RunError) return false
            throw error
          }
        })
        // An empty list is a list of anything, a whole number a number; nothing is a text and a number at once.
        if (typeof x !== 'number' && !Array.isArray(x)) expect(taken.length).toBeLessThanOrEqual(1)
      }),
    )
  })
})

test('the size of a shape is its product, of no axis one', () => {
  expect([size([]), size([4]), size([4, 0, 3]), size([2, 3, 5])]).toEqual([1, 4, 0, 30])
})

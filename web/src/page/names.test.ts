import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, parseAddress, START } from './address'
import { joinNames, splitNames } from './names'

test('names come back from a text, and from an address, whatever stands in them', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 4 }), (names) => {
      expect(splitNames(joinNames(names))).toEqual(names)
      const address = { ...START, more: names.length ? { with: joinNames(names) } : {} }
      expect(splitNames(parseAddress(formatAddress(address)).more.with)).toEqual(names)
    }),
  )
})

test('a link stays readable, and one that was typed wrongly is read as it is', () => {
  expect(joinNames(['exp/a', 'lr=0.1'])).toBe('exp/a,lr=0.1')
  expect(joinNames(['a,b'])).toBe('a%2Cb')
  expect(splitNames('100%,b')).toEqual(['100%', 'b'])
  expect(splitNames(undefined)).toEqual([])
})

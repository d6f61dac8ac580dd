import fc from 'fast-check'
import { expect, test } from 'vitest'
import { counted, duration, percent, whole } from './numbers'

test.each([
  [0, '0'],
  [1250, '1,250'],
  [2_359_296, '2,359,296'],
  [12.7, '13'],
])('%d as a whole number is %s', (value, text) => {
  expect(whole(value)).toBe(text)
})

test('what is counted is one or many', () => {
  expect([counted(1, 'step'), counted(2000, 'step'), counted(0, 'step')]).toEqual([
    '1 step',
    '2,000 steps',
    '0 steps',
  ])
  expect(counted(3, 'axis', 'axes')).toBe('3 axes')
})

test.each([
  [0, '0.0 s'],
  [0.0001, '1 ms'],
  [0.04, '40 ms'],
  [0.096, '0.1 s'],
  [0.25, '0.3 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [12, '12 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [60, '1 min 0 s'],
  [200, '3 min 20 s'],
  [119.7, '2 min 0 s'],
  [3599.8, '1 h 0 min'],
  [7500, '2 h 5 min'],
  [90_061, '25 h 1 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('no duration has sixty seconds or sixty minutes in it', () => {
  fc.assert(
    fc.property(fc.nat(80_000), (tenths) => {
      expect(duration(tenths / 10)).not.toMatch(/\b60 (s|min)/)
    }),
    { numRuns: 2000 },
  )
})

test('a share is written in percent', () => {
  expect([percent(0.1264), percent(1), percent(0), percent(0.02)]).toEqual(['12.6 %', '100 %', '0 %', '2 %'])
})

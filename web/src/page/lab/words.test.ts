import { expect, test } from 'vitest'
import { day, headOf, interval, moment, roughly, runAt, told } from './words'

test('numbers are told with their unit, and what was not finite as a dash', () => {
  expect(told(0.04231, 's')).toBe('0.04231 s')
  expect(told(null, 's')).toBe('–')
  expect(interval({ value: 1, low: 0.9, high: null, count: 2 })).toBe('0.9 to –')
  expect(interval({ value: 1, low: null, high: null, count: 1 })).toBe('')
  expect(headOf({ name: 'seconds', unit: 's', meaning: '' })).toBe('seconds (s)')
})

test('dates are told in words, and what is none as it stands', () => {
  expect(day('2026-11-30T23:59:00Z')).toBe('30 Nov 2026')
  expect(day('yesterday')).toBe('yesterday')
  expect(moment('2026-11-30T20:15:07Z')).toBe('2026-11-30 20:15:07')
  expect(moment('')).toBe('')
})

test('a cost is told no better than it is known', () => {
  expect([8, 45, 180, 3700].map(roughly)).toEqual(['8.0 s', '45 s', '3 min', '1 h 2 min'])
})

test('a trial finds its run by its path, wherever the lab stands', () => {
  const runs = ['see/mlp-0', 'old/xruns/see/mlp-0', 'lab/runs/see/mlp-0'].map((name) => ({ name }))
  expect(runAt('runs/see/mlp-0', runs)).toBe(runs[2])
  expect(runAt('runs/see/mlp-0', [{ name: 'runs/see/mlp-0' }])?.name).toBe('runs/see/mlp-0')
  expect(runAt('runs/see/mlp-1', runs)).toBeUndefined()
})

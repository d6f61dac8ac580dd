import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { levelAt, type Level } from './level'

const levels: readonly Level[] = ['far', 'middle', 'near']

describe('how near the map is looked at', () => {
  test('goes from far over the middle to near', () => {
    expect([10, 150, 900].map((width) => levelAt(width, 'middle'))).toEqual(levels)
  })

  test('holds still once it is reached: the same width twice is the same level', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2000, noNaN: true }),
        fc.constantFrom(...levels),
        (width, before) => {
          const level = levelAt(width, before)
          expect(levelAt(width, level)).toBe(level)
        },
      ),
    )
  })

  test('does not flicker: a hand that trembles around a threshold changes the level once', () => {
    for (const threshold of [44, 54, 370, 430]) {
      let level: Level = 'middle'
      let changes = 0
      for (let i = 0; i < 50; i++) {
        const next = levelAt(threshold + (i % 2 ? 4 : -4), level)
        if (next !== level) changes++
        level = next
      }
      expect(changes).toBeLessThanOrEqual(1)
    }
  })
})

import { expect, test } from 'vitest'
import { stepOf } from './walk'

test('arrows lead to the neighbour, and up and down by a row', () => {
  expect(['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp', 'a'].map((key) => stepOf(key, 4))).toEqual([
    1, -1, 4, -4, 0,
  ])
})

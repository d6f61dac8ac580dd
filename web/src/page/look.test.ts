import { expect, test } from 'vitest'
import { baseOf, isChange, isLook, LOOK_WORDS, LOOKS } from './look'

test('each way of looking has its frame to look against', () => {
  const bases = (frame: number, skin: number) => LOOKS.map((look) => baseOf({ look, skin }, frame, 9))
  expect(bases(5, 2)).toEqual([-1, 0, 4, 2])
  expect(bases(0, 99)).toEqual([-1, 0, 0, 9]) // the first has none before it, and a run ends somewhere
})

test('only a difference has a scale of its own', () => {
  expect(LOOKS.filter(isChange)).toEqual(['start', 'last'])
  const scales = new Set(LOOKS.filter((look) => !isChange(look)).map((look) => LOOK_WORDS[look].scale))
  expect([...scales]).toEqual(['value'])
})

test('an address may say anything', () => {
  expect(['skin', 'values', 'toString', '', null].map(isLook)).toEqual([true, true, false, false, false])
})

import { beforeAll, describe, expect, test } from 'vitest'
import type { Run } from '../../run/run'
import { openFixture } from '../../testing/fixture'
import { Told } from '../../testing/told'
import { Axis } from '../time/axis'
import { byLearning, laneOf, wordsOf } from './lanes'

let run: Run

beforeAll(async () => {
  run = await openFixture('packed')
})

const SAID = [
  [0, 7],
  [5, 7],
  [0, 7],
  [5, 7],
  [5, 1],
] // of two probes, frame by frame

test('a lane is cut where the answer changes, and ends where time does', () => {
  const history = new Told([5, 1], SAID)
  const steps = SAID.map((_, frame) => run.frames.step(frame))
  const axis = new Axis(steps, steps.at(-1) ?? 1, 0, 100)
  const { stretches } = laneOf(history, 0, run, axis)
  expect(stretches.map(({ isRight, said }) => [isRight, said])).toEqual([
    [false, '0'],
    [true, '5'],
    [false, '0'],
    [true, '5'],
  ])
  expect(stretches[0]?.from).toBe(axis.x(0))
  expect(stretches.at(-1)?.to).toBe(axis.x(axis.lastStep))
  stretches.slice(1).forEach(({ from }, i) => {
    expect(from).toBe(stretches[i]?.to)
  })
})

describe('the words beside a lane', () => {
  const step = (frame: number) => String(run.frames.step(frame))

  test.each([
    [[5], [[5], [5]], () => 'right from the start'],
    [[5], SAID, () => `right since step ${step(3)}, lost once`],
    [[5], [[5], [0], [5], [2]], () => 'forgotten: reads 2, lost twice'],
    [[5], [[0], [2]], () => 'never right: reads 2'],
    [[], [[0], [2]], () => `says 2 since step ${step(1)}`],
  ])('of labels %j and answers %j say it all', (labels, said, words) => {
    expect(wordsOf(new Told(labels, said), 0, run)).toBe(words())
  })
})

test('the first learned come first, and what never was comes last', () => {
  const history = new Told(
    [1, 1, 1, 1],
    [
      [0, 1, 0, 0],
      [0, 1, 1, 0],
      [1, 1, 1, 0],
    ],
  )
  expect(byLearning(history)).toEqual([1, 2, 0, 3])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Run } from '../../run/run'
import { MemoryStore } from '../../run/store'
import { EXPECTED, filesOf, FRAMES, openFixture } from '../../testing/fixture'
import { grown, turnInto } from '../../testing/growth'
import { answersOf } from './answers'
import { Told } from '../../testing/told'
import { confusionOf, History, learningOf, UNSAID } from './history'

async function historyOf(run: Run): Promise<History> {
  const [answers] = answersOf(run.manifest.probes)
  if (!answers) throw new Error('the fixture answers nothing')
  const history = new History(answers, run.manifest.probes)
  await history.grow(run)
  return history
}

/** What the model said of a probe in a frame, by the numbers that Python wrote. */
function expectedBest(frame: number, probe: number): number {
  const scores = (EXPECTED.outputs[frame]?.slice(probe * 10, probe * 10 + 10) ?? []).flat().map(Number)
  return scores.length === 10 && scores.every(Number.isFinite) ? scores.indexOf(Math.max(...scores)) : UNSAID
}

describe('the history of the probes', () => {
  test('has the class with the largest score at every frame', async () => {
    const run = await openFixture('packed')
    const history = await historyOf(run)
    expect(history.count).toBe(FRAMES)
    const row = EXPECTED.outputs[3]?.flat() ?? []
    expect(row).toHaveLength(20)
    for (const frame of [0, 3, 11, FRAMES - 1]) {
      const flat = (EXPECTED.outputs[frame] ?? []).flat().map(Number)
      for (const probe of [0, 1]) {
        const scores = flat.slice(10 * probe, 10 * probe + 10)
        if (scores.every(Number.isFinite)) {
          expect(history.saidAt(frame, probe)).toBe(scores.indexOf(Math.max(...scores)))
          const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
          const label = run.manifest.probes.labels[probe] ?? history.saidAt(frame, probe)
          expect(history.shareAt(frame, probe)).toBeCloseTo(Math.exp(scores[label] ?? NaN) / total, 5)
        }
      }
    }
    expect(history.saidAt(FRAMES, 0)).toBe(UNSAID)
    expect(history.shareAt(FRAMES, 0)).toBeNaN()
    expect(expectedBest(0, 0)).toBeGreaterThanOrEqual(UNSAID)
  })

  test('of a growing run takes in what joined, and keeps what it knew', async () => {
    const files = grown(7)
    const run = await Run.open(new MemoryStore(files))
    const history = await historyOf(run)
    expect(history.count).toBe(7)
    const known = history.saidAt(4, 1)
    turnInto(files, filesOf('packed'))
    await run.refresh()
    await history.grow(run)
    expect(history.count).toBe(FRAMES)
    expect(history.saidAt(4, 1)).toBe(known)
    const whole = await historyOf(await openFixture('packed'))
    for (let frame = 0; frame < FRAMES; frame++) {
      expect(history.saidAt(frame, 0)).toBe(whole.saidAt(frame, 0))
    }
  })
})

describe('learning', () => {
  test('is the frame from which on it stays right', () => {
    const history = new Told(
      [1, 1],
      [
        [0, 1],
        [1, 0],
        [0, 1],
        [1, 1],
        [1, 0],
      ],
    )
    expect(learningOf(history, 0)).toEqual({ learned: 3, forgotten: [2], isEver: true })
    expect(learningOf(history, 1)).toEqual({ learned: -1, forgotten: [1, 4], isEver: true })
  })

  test('without labels is coming to the last answer', () => {
    const history = new Told([], [[3], [5], [5]])
    expect(learningOf(history, 0)).toEqual({ learned: 1, forgotten: [], isEver: true })
  })

  test('of whatever is said is consistent', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 1, maxLength: 30 }), (said) => {
        const history = new Told(
          [1],
          said.map((answer) => [answer]),
        )
        const { learned, forgotten, isEver } = learningOf(history, 0)
        expect(isEver).toBe(said.includes(1))
        expect(learned >= 0).toBe(said.at(-1) === 1)
        if (learned >= 0) expect(said.slice(learned).every((answer) => answer === 1)).toBe(true)
        for (const frame of forgotten) expect([said[frame - 1], said[frame] === 1]).toEqual([1, false])
      }),
    )
  })
})

test('a confusion counts every probe once', () => {
  const history = new Told([0, 1, 1, 2], [[0, 1, 2, UNSAID]])
  expect(confusionOf(history, 0, 3)).toEqual(Int32Array.of(1, 0, 0, 0, 1, 1, 0, 0, 0))
  expect(confusionOf(new Told([], [[1]]), 0, 3)).toBeNull()
})

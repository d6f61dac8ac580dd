import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Probes } from '../../run/manifest'
import type { Run } from '../../run/run'
import { EXPECTED, openFixture, plain } from '../../testing/fixture'
import { answersOf, bestOf, className, sharesOf, valuesOf } from './answers'

function probesOf(shape: readonly number[], more: Partial<Probes> = {}): Probes {
  const output = { name: 'output', shape, dtype: 'float32', offset: 0, isImage: false }
  return { count: 3, inputs: [], outputs: [output], embedding: null, labels: [], classes: [], ...more }
}

function answers(shape: readonly number[], more: Partial<Probes> = {}) {
  return answersOf(probesOf(shape, more)).map(({ width, isClassifier, note }) => ({
    width,
    isClassifier,
    note,
  }))
}

describe('the outputs of a run', () => {
  test('are those of a classifier where the labels are classes of them, or each has a name', () => {
    expect(answers([3, 4], { labels: [0, 3, 1] })[0]?.isClassifier).toBe(true)
    expect(answers([3, 4], { classes: ['a', 'b', 'c', 'd'] })[0]?.isClassifier).toBe(true)
    expect(answers([3, 4], { labels: [0, 4, 1], classes: ['a', 'b', 'c', 'd'] })[0]?.isClassifier).toBe(false)
    expect(answers([3, 4], { labels: [0] })[0]?.isClassifier).toBe(false)
    expect(answers([3, 4], { classes: ['a', 'b'] })[0]?.isClassifier).toBe(false)
    expect(answers([3, 4])[0]?.isClassifier).toBe(false)
    expect(answers([3, 1], { labels: [0, 0, 0] })[0]?.isClassifier).toBe(false)
    expect(answers([3, 5, 4], { labels: [0, 3, 1] })[0]?.isClassifier).toBe(false)
  })

  test('that have no row a probe, or no values, are left out', () => {
    expect([...answers([4, 4]), ...answers([3, 0]), ...answers([])]).toEqual([])
  })

  test('say which of their values are shown', () => {
    expect(answers([3])).toEqual([{ width: 1, isClassifier: false, note: '' }])
    expect(answers([3, 7, 5])).toEqual([{ width: 5, isClassifier: false, note: 'last position' }])
    expect(answers([3, 7, 50_257])).toEqual([
      { width: 200, isClassifier: false, note: 'last position, first 200 of 50,257' },
    ])
  })
})

describe('what the model says of a probe', () => {
  let run: Run

  beforeAll(async () => {
    run = await openFixture('packed')
  })

  test('is its row of the output', async () => {
    const [output] = answersOf(run.manifest.probes)
    const { outputs } = await run.frame(4, [])
    for (const probe of [0, 1]) {
      const values = output && outputs && valuesOf(output, outputs, probe)
      expect(plain(values ?? [])).toEqual(EXPECTED.outputs[4]?.[0]?.slice(10 * probe, 10 * probe + 10))
    }
  })

  test('of a sequence is what it says at the last position', () => {
    const row = Float32Array.from({ length: 3 * 7 * 5 }, (_, i) => i)
    const [output] = answersOf(probesOf([3, 7, 5]))
    expect([...((output && valuesOf(output, row, 1)) ?? [])]).toEqual([65, 66, 67, 68, 69])
  })

  test('of one number a probe is that number', () => {
    const [output] = answersOf(probesOf([3]))
    expect([...((output && valuesOf(output, Float32Array.of(7, 8, 9), 2)) ?? [])]).toEqual([9])
  })

  test('of a second output lies behind the first', () => {
    const [first] = probesOf([3, 2]).outputs
    const probes = probesOf([3, 2], first ? { outputs: [first, { ...first, name: 'mask', offset: 6 }] } : {})
    const [, mask] = answersOf(probes)
    const row = Float32Array.from({ length: 12 }, (_, i) => i)
    expect([...((mask && valuesOf(mask, row, 1)) ?? [])]).toEqual([8, 9])
  })

  test('is nothing where the frame has none, or the row is cut short', () => {
    const [output] = answersOf(probesOf([3, 2]))
    expect(output && valuesOf(output, new Float32Array(6).fill(NaN), 0)).toBeNull()
    expect(output && valuesOf(output, new Float32Array(3), 1)).toBeNull()
    expect(output && valuesOf(output, Float32Array.of(NaN, 1), 0)).toHaveLength(2)
  })
})

describe('scores as shares', () => {
  const score = fc.float({ min: -80, max: 80, noNaN: true })

  test('sum to one, and keep the order of the scores', () => {
    fc.assert(
      fc.property(fc.array(score, { minLength: 2, maxLength: 12 }), (given) => {
        const scores = Float32Array.from(given)
        const shares = sharesOf(scores)
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2)
        for (const [i, share] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(0)
          for (const [j, other] of shares.entries()) {
            if ((scores[i] ?? 0) > (scores[j] ?? 0)) expect(share).toBeGreaterThanOrEqual(other)
          }
        }
      }),
    )
  })

  test('are the softmax, of scores however large', () => {
    expect([...sharesOf(Float32Array.of(1000, 1000))]).toEqual([0.5, 0.5])
    expect(sharesOf(Float32Array.of(0, Math.log(3)))[1]).toBeCloseTo(0.75, 6)
    expect(sharesOf(Float32Array.of(5, 6))).toEqual(sharesOf(Float32Array.of(-1, 0)))
  })

  test('stay as they are where they are shares already', () => {
    const shares = Float32Array.of(0.2, 0.5, 0.3)
    expect(sharesOf(shares)).toBe(shares)
    expect([...sharesOf(Float32Array.of(-0.5, 1.5))]).not.toEqual([-0.5, 1.5])
  })

  test('have a best one, where any is a number', () => {
    expect(bestOf(Float32Array.of(1, 3, 3, 2))).toBe(1)
    expect(bestOf(Float32Array.of(NaN, -2, NaN))).toBe(1)
    expect(bestOf(Float32Array.of(NaN, NaN))).toBe(-1)
    expect(bestOf(new Float32Array())).toBe(-1)
  })
})

test('a class has its name, or its number', () => {
  const probes = probesOf([3, 2], { classes: ['cat'] })
  expect([className(probes, 0), className(probes, 1)]).toEqual(['cat', '1'])
})

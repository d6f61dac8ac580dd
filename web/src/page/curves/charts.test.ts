import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chartsOf,
  chosenOf,
  chosenText,
  countOf,
  isFound,
  keptSteps,
  mainScalar,
  valuesAt,
  valueUntil,
} from './charts'

const all = (columns: Float64Array[]) => keptSteps(columns, 0, 1e9)

describe('charts', () => {
  test('have the scalars of one meaning together, the loss first', () => {
    expect(chartsOf(['time', 'lr', 'val_acc', 'grad_norm', 'loss', 'lr/1', 'val_loss', 'accuracy'])).toEqual([
      { title: 'loss', names: ['loss', 'val_loss'] },
      { title: 'accuracy', names: ['accuracy', 'val_acc'] },
      { title: 'grad_norm', names: ['grad_norm'] },
      { title: 'learning rate', names: ['lr', 'lr/1'] },
    ])
  })

  test('show every scalar once, but for the clock', () => {
    const name = fc.constantFrom(
      'time',
      'lr',
      'lr/1',
      'loss',
      'Loss/train',
      'acc',
      'top5_accuracy',
      'perplexity',
      'bleu',
    )
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const shown = chartsOf(names).flatMap((chart) => chart.names)
        expect([...shown].sort()).toEqual(names.filter((candidate) => candidate !== 'time').sort())
      }),
    )
  })

  test.each([
    [['time', 'lr', 'val_loss', 'loss'], 'loss'],
    [['time', 'lr', 'train/Loss'], 'train/Loss'],
    [['time', 'lr', 'lr/1', 'reward'], 'reward'],
    [['time', 'lr'], ''],
    [[], ''],
  ])('of %j stand under the scrubber with %s', (names, main) => {
    expect(mainScalar(names)).toBe(main)
  })

  test('have no more lines than are told apart: more scalars of one meaning have a chart each', () => {
    const many = Array.from({ length: 200 }, (_, i) => `block${i}/loss`)
    expect(chartsOf([...many, 'lr'])).toHaveLength(201)
    expect(chartsOf(['a_loss', 'b_loss', 'c_loss', 'loss'])).toHaveLength(1)
  })

  test('are found by any of the words, and kept in an address whatever their names are', () => {
    const chart = { title: 'loss', names: ['loss', 'val/Loss'] }
    expect(['', 'VAL', 'acc, los', ' , '].map((find) => isFound(chart, find))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(isFound(chart, 'acc,lr')).toBe(false)
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), (titles) => {
        expect([...chosenOf(chosenText(titles))]).toEqual(titles)
      }),
    )
    expect(chosenText(chosenOf(undefined))).toBe('')
  })
})

describe('the steps that a chart draws', () => {
  test('are only those at which something was logged', () => {
    const [loss, val] = [Float64Array.of(NaN, 3, NaN, 1), Float64Array.of(NaN, NaN, NaN, 2)]
    expect(all([loss, val])).toEqual([1, 3])
    expect(valuesAt(val, [1, 3], false)).toEqual([null, 2])
    expect(all([new Float64Array()])).toEqual([])
  })

  test('show no infinity as a value, and on a log scale nothing of 0 or below; both are counted', () => {
    const loss = Float64Array.of(1, Infinity, -Infinity, NaN, 2, 0, -3)
    expect(all([loss])).toEqual([0, 4, 5, 6])
    expect(valuesAt(loss, [0, 1, 4, 5, 6], true)).toEqual([1, null, 2, null, null])
    expect(countOf(loss, 0, 6)).toEqual({ infinite: 2, notPositive: 2, positive: 2 })
    expect(countOf(loss, 2, 4)).toEqual({ infinite: 1, notPositive: 0, positive: 1 })
  })

  test('of a span lead on to the values before and behind it', () => {
    const loss = Float64Array.from({ length: 100 }, (_, step) => (step % 10 === 0 ? step : NaN))
    expect(keptSteps([loss], 32, 48)).toEqual([30, 40, 50])
    expect(keptSteps([loss], 41, 44)).toEqual([40, 50])
    expect(keptSteps([loss], 200, 300)).toEqual([])
  })

  test('of a long run keep the least and the greatest of every stretch, its first step and its last', () => {
    const spike = fc.record({ step: fc.integer({ min: 1, max: 29_998 }), size: fc.constantFrom(-50, 50) })
    fc.assert(
      fc.property(fc.uniqueArray(spike, { maxLength: 5, selector: ({ step }) => step }), (spikes) => {
        const loss = Float64Array.from(
          { length: 30_000 },
          (_, step) => Math.sin(step / 3) + 2000 / (step + 1000),
        )
        for (const { step, size } of spikes) loss[step] = size
        const steps = all([loss])
        expect(steps.length).toBeLessThanOrEqual(4002)
        expect(steps.length).toBeGreaterThan(1000)
        expect(steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0))).toBe(true)
        for (const { step } of spikes) expect(steps.some((kept) => Math.abs(kept - step) < 16)).toBe(true)
        const kept = steps.map((step) => loss[step] ?? NaN)
        expect(Math.max(...kept)).toBe(Math.max(...loss))
        expect(Math.min(...kept)).toBe(Math.min(...loss))
        expect([steps[0], steps.at(-1)]).toEqual([0, 29_999])
      }),
      { numRuns: 20 },
    )
  })

  test('of a long run keep a scalar that was seldom logged', () => {
    const loss = Float64Array.from({ length: 9000 }, (_, step) => 1 / (step + 1))
    const val = Float64Array.from({ length: 9000 }, (_, step) => (step % 1000 === 999 ? step : NaN))
    const steps = all([loss, val])
    expect(steps.filter((step) => step % 1000 === 999)).toHaveLength(9)
    expect(steps.length).toBeLessThanOrEqual(4004)
  })

  test('of a span are every step of it where there is room', () => {
    const loss = Float64Array.from({ length: 50_000 }, (_, step) => 1 / (step + 1))
    expect(keptSteps([loss], 20_000, 21_000)).toHaveLength(1003)
  })

  test('are read as the last value logged until then', () => {
    const val = Float64Array.of(NaN, 5, NaN, 7)
    expect([0, 1, 2, 3, 99].map((step) => valueUntil(val, step))).toEqual([NaN, 5, 5, 7, 7])
  })
})

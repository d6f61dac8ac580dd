import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeArray } from '../../testing/arrays'
import { RunArray } from '../../run/array'
import { ByteCache } from '../../run/cache'
import { MemoryStore } from '../../run/store'
import { ScalarTable } from '../../run/tables'
import { chartsOf, columnsOf, mainScalar, smoothed } from './charts'

/** A table as it is read of a run. */
async function tableOf(columns: Readonly<Record<string, ArrayLike<number>>>): Promise<ScalarTable> {
  const names = Object.keys(columns)
  const steps = Math.max(...Object.values(columns).map(({ length }) => length))
  const values = Float64Array.from(
    { length: steps * names.length },
    (_, i) => columns[names[i % names.length] ?? '']?.[Math.floor(i / names.length)] ?? NaN,
  )
  const store = new MemoryStore(new Map())
  const chunk = [1024, names.length]
  writeArray(store.files, 'scalars', {
    dtype: 'float64',
    shape: [steps, names.length],
    chunk,
    values,
    attributes: { names },
  })
  const caches = { shards: new ByteCache<never>(0), chunks: new ByteCache<never>(0) }
  const array = await RunArray.open(store, 'scalars', caches, () => Infinity)
  const table = new ScalarTable()
  if (array) await table.grow(array, 0)
  return table
}

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
})

describe('the columns of a chart', () => {
  test('have only the steps at which something was logged', async () => {
    const table = await tableOf({ loss: [NaN, 3, NaN, 1], val: [NaN, NaN, NaN, 2], lr: [9, 9, 9, 9] })
    expect(columnsOf(table, ['loss', 'val'])).toEqual({
      steps: [1, 3],
      values: [
        [3, 1],
        [null, 2],
      ],
    })
    expect(columnsOf(table, ['nothing'])).toEqual({ steps: [], values: [[]] })
  })

  test('show no infinity as a value', async () => {
    const table = await tableOf({ loss: [1, Infinity, -Infinity, NaN, 2] })
    expect(columnsOf(table, ['loss'])).toEqual({ steps: [0, 4], values: [[1, 2]] })
  })

  test('of a long run keep the least and the greatest of every stretch, its first step and its last', async () => {
    const spike = fc.record({ step: fc.integer({ min: 1, max: 29_998 }), size: fc.constantFrom(-50, 50) })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(spike, { maxLength: 5, selector: ({ step }) => step }),
        async (spikes) => {
          const loss = Float64Array.from(
            { length: 30_000 },
            (_, step) => Math.sin(step / 3) + 2000 / (step + 1000),
          )
          for (const { step, size } of spikes) loss[step] = size
          const { steps, values } = columnsOf(await tableOf({ loss }), ['loss'])
          expect(steps.length).toBeLessThanOrEqual(4001)
          expect(steps.length).toBeGreaterThan(1000)
          expect(steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0))).toBe(true)
          expect(values[0]).toEqual(steps.map((step) => loss[step]))
          expect(Math.max(...(values[0] ?? []).map(Number))).toBe(Math.max(...loss))
          expect(Math.min(...(values[0] ?? []).map(Number))).toBe(Math.min(...loss))
          expect(steps.at(-1)).toBe(29_999)
        },
      ),
      { numRuns: 5 },
    )
  })

  test('of a long run keep a scalar that was seldom logged', async () => {
    const loss = Float64Array.from({ length: 9000 }, (_, step) => 1 / (step + 1))
    const val = Float64Array.from({ length: 9000 }, (_, step) => (step % 1000 === 999 ? step : NaN))
    const { steps, values } = columnsOf(await tableOf({ loss, val }), ['loss', 'val'])
    const logged = steps.filter((_, i) => values[1]?.[i] !== null)
    expect(logged).toEqual([999, 1999, 2999, 3999, 4999, 5999, 6999, 7999, 8999])
    expect(steps.length).toBeLessThanOrEqual(4001)
  })
})

describe('a curve that is smoothed', () => {
  const noise = Array.from({ length: 400 }, (_, i) => 5 + (i % 2 ? 1 : -1))

  test('is left as it is where it is short', () => {
    expect(smoothed(noise.slice(0, 119))).toBeNull()
    expect(smoothed(noise.slice(0, 120))).not.toBeNull()
  })

  test('is the mean around each point, and at its ends the point itself', () => {
    const means = smoothed(noise) ?? []
    expect(means[0]).toBe(noise[0])
    expect(means.at(-1)).toBe(noise.at(-1))
    for (const mean of means.slice(5, -5)) expect(Math.abs((mean ?? NaN) - 5)).toBeLessThan(0.1)
  })

  test('of a line is the line: it does not lag', () => {
    const line = Array.from({ length: 500 }, (_, i) => 3 * i)
    smoothed(line)?.forEach((mean, i) => {
      expect(mean).toBeCloseTo(3 * i, 6)
    })
  })

  test('has no value where there is none, and stays between the least and the greatest', () => {
    const value = fc.option(fc.double({ min: -1000, max: 1000, noNaN: true }), { freq: 4 })
    fc.assert(
      fc.property(fc.array(value, { minLength: 200, maxLength: 300 }), (values) => {
        const means = smoothed(values)
        if (!means) return
        const known = values.filter((v) => v !== null)
        means.forEach((mean, i) => {
          expect(mean === null).toBe(values[i] === null)
          if (mean === null) return
          expect(mean).toBeGreaterThanOrEqual(Math.min(...known) - 1e-6)
          expect(mean).toBeLessThanOrEqual(Math.max(...known) + 1e-6)
        })
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeArray, type Written } from '../testing/arrays'
import { plain } from '../testing/fixture'
import { RunArray } from './array'
import { ByteCache } from './cache'
import { MemoryStore } from './store'
import { FrameTable, ScalarTable, StatisticsTable } from './tables'

/** An array in memory, and how to replace it by a longer one. */
async function growing(first: Written) {
  const store = new MemoryStore(new Map())
  writeArray(store.files, 'x', first)
  const kept = { shards: new ByteCache<never>(0), chunks: new ByteCache<never>(2 ** 20) }
  const array = await RunArray.open(store, 'x', kept, () => Infinity)
  if (!array) throw new Error('it is not there')
  const become = async (next: Written) => {
    writeArray(store.files, 'x', next)
    await array.reopen()
  }
  return { array, become }
}

function framesOf(steps: readonly number[]): Written {
  const values = steps.flatMap((step, i) => [step, i / 2, 0.001])
  return { dtype: 'float64', shape: [steps.length, 3], chunk: [4, 3], values }
}

async function tableOf(steps: readonly number[]): Promise<FrameTable> {
  const table = new FrameTable()
  await table.grow((await growing(framesOf(steps))).array)
  return table
}

describe('the frames', () => {
  test('are read on from where they were known', async () => {
    const { array, become } = await growing(framesOf([0, 3]))
    const table = new FrameTable()
    await table.grow(array)
    expect([table.count, table.step(1), table.time(1)]).toEqual([2, 3, 0.5])
    await become(framesOf([0, 3, 6, 9, 12, 15]))
    await table.grow(array)
    expect([table.count, table.step(5), table.time(5), table.step(1)]).toEqual([6, 15, 2.5, 3])
  })

  test.each([[[0, 3, 3]], [[5, 4]], [[-1, 2]], [[0, NaN, 4]], [[0, Infinity]]])(
    'with the steps %s are refused, and what was known stays',
    async (steps) => {
      const { array, become } = await growing(framesOf([0]))
      const table = new FrameTable()
      await table.grow(array)
      await become(framesOf(steps))
      await expect(steps[0] === 0 ? table.grow(array) : new FrameTable().grow(array)).rejects.toThrow(
        'not in the order of their steps',
      )
      expect(table.count).toBe(1)
    },
  )

  test('know which of them is nearest to a step', async () => {
    const rising = fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(rising, fc.integer({ min: -50, max: 400 }), async (given, step) => {
        const steps = given.sort((a, b) => a - b)
        const table = await tableOf(steps)
        const distance = Math.abs((steps[table.nearest(step)] ?? NaN) - step)
        expect(distance).toBe(Math.min(...steps.map((other) => Math.abs(other - step))))
      }),
    )
  })

  test('that are none have none that is nearest', () => {
    expect(new FrameTable().nearest(3)).toBe(-1)
  })
})

describe('the statistics', () => {
  function statisticsOf(frames: number, tensors: number): Written {
    const values = Array.from({ length: frames * tensors * 11 }, (_, i) => i)
    return { dtype: 'float32', shape: [frames, tensors, 11], chunk: [2, tensors, 11], values }
  }

  test('are found by frame, tensor and name', async () => {
    const table = new StatisticsTable()
    await table.grow((await growing(statisticsOf(5, 3))).array, 4)
    expect(table.count).toBe(4)
    expect(table.at(2, 1, 'norm')).toBe(2 * 33 + 11)
    expect(table.at(3, 2, 'scale')).toBe(3 * 33 + 22 + 10)
    expect(table.at(0, 0, 'dead')).toBe(9)
    expect([table.at(4, 0, 'norm'), table.at(0, 3, 'norm'), table.at(-1, 0, 'norm')]).toEqual([NaN, NaN, NaN])
  })
})

describe('the scalars', () => {
  function scalarsOf(columns: Readonly<Record<string, readonly number[]>>): Written {
    const names = Object.keys(columns)
    const [first = []] = Object.values(columns)
    const values = first.flatMap((_, step) => names.map((name) => columns[name]?.[step] ?? NaN))
    const shape = [first.length, names.length]
    return { dtype: 'float64', shape, chunk: [4, 8], values, attributes: { names } }
  }

  test('are columns by their name', async () => {
    const table = new ScalarTable()
    await table.grow((await growing(scalarsOf({ time: [0, 1, 2, 3, 4], loss: [NaN, 5, 4, 3, 2] }))).array, 0)
    expect(table.names).toEqual(['time', 'loss'])
    expect(table.steps).toBe(5)
    expect(plain(table.column('loss'))).toEqual([null, 5, 4, 3, 2])
    expect(table.column('accuracy')).toHaveLength(0)
  })

  test('grow by steps and by names, and take what comes late as far back as they are asked to', async () => {
    const { array, become } = await growing(scalarsOf({ loss: [NaN, 3, NaN] }))
    const table = new ScalarTable()
    await table.grow(array, 2)
    await become(scalarsOf({ loss: [9, 9, 2, 1, 0, 0, 0], accuracy: [9, 9, 0.5, 0.6, 0.7, 0.8, 0.9] }))
    await table.grow(array, 1)
    expect(plain(table.column('loss'))).toEqual([null, 3, 2, 1, 0, 0, 0])
    expect(plain(table.column('accuracy'))).toEqual([null, null, 0.5, 0.6, 0.7, 0.8, 0.9])
    await table.grow(array, Infinity)
    expect(plain(table.column('accuracy'))).toEqual([9, 9, 0.5, 0.6, 0.7, 0.8, 0.9])
  })

  test('give the same column however often they grew', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        async (steps) => {
          const total = steps.reduce((sum, count) => sum + count, 0)
          const loss = Array.from({ length: total }, (_, step) => 1 / (step + 1))
          const table = new ScalarTable()
          let known = 0
          const { array, become } = await growing(scalarsOf({ loss: [] }))
          for (const count of steps) {
            known += count
            await become(scalarsOf({ loss: loss.slice(0, known) }))
            await table.grow(array, 3)
          }
          expect([...table.column('loss')]).toEqual(loss)
        },
      ),
      { numRuns: 40 },
    )
  })
})

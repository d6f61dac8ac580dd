/** A closed run that says where its scales end: a frame is drawn before the statistics of all frames are read. */
import { describe, expect, test } from 'vitest'
import { limitsOf, NO_LIMITS } from '../page/limits'
import { edit, FRAMES, memoryOf, openFixture, plain, type Json } from '../testing/fixture'
import { ROLES, STATISTICS } from './manifest'
import { codesIn, Run } from './run'
import type { MemoryStore } from './store'

/** The fixture as the recorder closes it today: with the two numbers a tensor that its scales end by. */
async function telling(change: (scales: Json) => void = () => undefined): Promise<MemoryStore> {
  const run = await openFixture('packed')
  const columns = run.manifest.tensors.map(({ index }) =>
    Array.from({ length: FRAMES }, (_, frame) => run.statistics.at(frame, index, 'scale'))
      .filter((scale) => scale > 0)
      .sort((a, b) => a - b),
  )
  const scales: Json = {
    usual: columns.map((known) => known[known.length >> 1] ?? 0),
    largest: columns.map((known) => known.at(-1) ?? 0),
  }
  change(scales)
  return memoryOf('packed', (files) => {
    edit(files, 'statistics/zarr.json', (content) => (content['attributes'] = { scales }))
  })
}

const isTable = (path: string) => path.startsWith('statistics/c')

describe('a closed run that says where its scales end', () => {
  test('opens without its statistics, and has the same colours', async () => {
    const store = await telling()
    const run = await Run.open(store)
    expect(store.asked.filter(isTable)).toEqual([])
    expect([run.statistics.count, run.frames.count]).toEqual([0, FRAMES])
    expect(limitsOf(run, NO_LIMITS, false)).toEqual(limitsOf(await openFixture('packed'), NO_LIMITS, false))
  })

  test('has of a frame what its codes are worth, and of all frames what they were when they are read', async () => {
    const run = await Run.open(await telling())
    const whole = await openFixture('packed')
    expect(run.frameNow(7, ['weight'])).toBeNull()
    const frame = await run.frame(7, ROLES)
    expect(run.frameNow(7, ['weight'])?.index).toBe(7)
    for (const tensor of run.manifest.tensors) {
      expect(codesIn(frame, tensor, run)).toEqual(codesIn(await whole.frame(7, ROLES), tensor, whole))
    }
    expect(run.statistics.at(8, 0, 'norm')).toBeNaN()
    expect(await run.readStatistics()).toBe(true)
    expect(await run.readStatistics()).toBe(false)
    for (let index = 0; index < FRAMES; index++) {
      for (const name of STATISTICS) {
        const [one, other] = [run, whole].map((each) => plain([each.statistics.at(index, 1, name)]))
        expect(one).toEqual(other)
      }
    }
  })

  test('is read whole at once where what it says does not fit its tensors', async () => {
    const run = await Run.open(await telling((scales) => (scales['usual'] = [1, 2])))
    expect(run.statistics.count).toBe(FRAMES)
    await expect(
      telling((scales) => (scales['largest'] = 'huge')).then((store) => Run.open(store)),
    ).rejects.toThrow('not a list of finite numbers')
  })
})

test('a run that was closed this minute is looked at twice: one look may be of two moments', async () => {
  const store = memoryOf('packed', (files) => {
    edit(files, 'status/zarr.json', (content) => {
      const status = (content['attributes'] as Json)['status'] as Json
      status['updated'] = Date.now() / 1000 - 5
    })
  })
  await Run.open(store)
  expect(store.asked.filter((path) => path === 'frames/zarr.json')).toHaveLength(2)
  const old = memoryOf('packed')
  await Run.open(old)
  expect(old.asked.filter((path) => path === 'frames/zarr.json')).toHaveLength(1)
})

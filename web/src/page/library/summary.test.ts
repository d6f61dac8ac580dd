import { describe, expect, test } from 'vitest'
import { glance, weightsAt } from '../../run/glance'
import { memoryOf } from '../../testing/fixture'
import { courseOf, lastOf, summaryOf } from './summary'
import { layersOf, placeTiles, tilesOf } from './thumbnail'

describe('a card', () => {
  test('says of the fixture what it is and how it ended', async () => {
    const summary = await summaryOf(await glance(memoryOf('packed')), 0)
    expect(summary).toMatchObject({
      model: 'Small',
      parameters: 8047,
      tags: [],
      state: 'finished',
      steps: 59,
      frames: 20,
      lossName: 'loss',
    })
    expect(summary.loss).toBeGreaterThan(0)
    expect(summary.course.length).toBe(60)
    expect(summary.remarks[0]).toContain('conv has not moved')
  })

  test('says of a run that is silent that it was killed, and of one that speaks that it lives', async () => {
    const seen = await glance(memoryOf('growing'))
    expect((await summaryOf(seen, seen.status.updated + 3)).state).toBe('live')
    expect((await summaryOf(seen, seen.status.updated + 30)).state).toBe('killed')
  })

  test('has the weights of the last frame in miniature', async () => {
    const store = memoryOf('packed')
    const { manifest, frames } = await glance(store)
    const weights = await weightsAt(store, frames - 1)
    if (!weights) throw new Error('the fixture has weights')
    const tiles = tilesOf(manifest, weights)
    expect(layersOf(manifest).map(({ name }) => name)).toEqual(['conv.weight', 'fc.weight'])
    const [conv] = tiles
    const entry = manifest.tensors.find(({ key }) => key === 'weight/conv.weight')
    expect(conv?.codes).toEqual(
      weights.codes.slice(entry?.offset, (entry?.offset ?? 0) + (entry?.count ?? 0)),
    )
    const placed = placeTiles(tiles, { width: 280, height: 90 })
    for (const { x, y, width, height } of placed) {
      expect(x).toBeGreaterThanOrEqual(-1e-6)
      expect(x + width).toBeLessThanOrEqual(280 + 1e-6)
      expect(y).toBeGreaterThanOrEqual(-1e-6)
      expect(y + height).toBeLessThanOrEqual(90 + 1e-6)
    }
  })

  test('of a run without frames has none', async () => {
    expect(await weightsAt(memoryOf('packed'), -1)).toBeNull()
    expect(await weightsAt(memoryOf('packed'), 20)).toBeNull()
  })
})

describe('a course', () => {
  test('is the mean of each stretch, and has holes where nothing was logged', () => {
    expect(courseOf(Float64Array.of(1, 3, NaN, NaN, 5, Infinity), 3)).toEqual([2, NaN, 5])
    expect(courseOf(new Float64Array(), 8)).toEqual([])
    expect(courseOf(Float64Array.of(4), 8)).toEqual([4])
  })

  test('ends with the last value that was logged', () => {
    expect(lastOf(Float64Array.of(3, 2, NaN))).toBe(2)
    expect(lastOf(Float64Array.of(NaN))).toBeNaN()
  })
})

import { describe, expect, test } from 'vitest'
import { valueOf } from '../../run/codes'
import { codesIn } from '../../run/run'
import { openFixture } from '../../testing/fixture'
import { layersOf, mostMoved, movementOf } from './layers'
import { Moments } from './moments.svelte'
import { statisticsOf } from './trends'

describe('the layers of a run', () => {
  test('are the nodes of which something was recorded, in the order they run', async () => {
    const { manifest } = await openFixture('packed')
    expect(layersOf(manifest).map(({ id, title }) => [id, title])).toEqual([
      ['conv', 'conv'],
      ['head.fc', 'fc'],
    ])
  })

  test('have moved as far as their kept values have, as a share of their first length', async () => {
    const run = await openFixture('packed')
    const layers = layersOf(run.manifest)
    const [first, last] = await Promise.all([run.frame(0, ['weight']), run.frame(19, ['weight'])])
    const found = movementOf(run, layers, first, last)
    const [conv] = layers[0]?.weights ?? []
    const [before, after] = [first, last].map((frame) =>
      conv
        ? [...(codesIn(frame, conv, run) ?? [])].map((code) =>
            valueOf(code, run.statistics.at(frame.index, conv.index, 'scale')),
          )
        : [],
    )
    const length = Math.hypot(...(before ?? []))
    const moved = Math.hypot(...(after ?? []).map((value, i) => value - (before?.[i] ?? NaN)))
    expect(found[0]).toBeCloseTo(moved / length, 9)
    expect(found[0]).toBeGreaterThan(0)
    expect(movementOf(run, layers, first, first)).toEqual([0, 0])
  })

  test('the one that moved most is no unknown one, and none that began at 0', () => {
    expect(mostMoved([NaN, 0.2, Infinity, 0.7, NaN])).toBe(3)
    expect(mostMoved([NaN, 0])).toBe(-1)
    expect(mostMoved([])).toBe(-1)
  })
})

test('the moments of a tensor are its kept values at frames over the run, and are read once', async () => {
  const run = await openFixture('packed')
  const tensor = run.manifest.tensors.find(({ key }) => key === 'weight/conv.weight')
  if (!tensor) throw new Error('the fixture has no such tensor')
  const moments = new Moments(run, tensor)
  await moments.grow()
  expect(moments.list.map(({ frame }) => frame)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  const frame = await run.frame(7, ['weight'])
  expect(moments.list[7]?.codes).toEqual(codesIn(frame, tensor, run))
  const before = moments.list[7]
  await moments.grow()
  expect(moments.list[7]).toBe(before)
})

test('statistics over time are those of the table, those that are always nothing left out', async () => {
  const run = await openFixture('packed')
  const { tensors } = run.manifest
  const weight = tensors.find(({ key }) => key === 'weight/conv.weight')
  if (!weight) throw new Error('the fixture has no such tensor')
  const found = statisticsOf(run, weight)
  expect(found.map(({ title }) => title).slice(0, 3)).toEqual(['update ratio', 'norm', 'mean ± std'])
  expect(found[1]?.values[5]).toBe(run.statistics.at(5, weight.index, 'norm'))
  expect(found[2]?.spread?.[5]).toBe(run.statistics.at(5, weight.index, 'std'))
  expect(found.map(({ title }) => title)).not.toContain('NaN')
})

/** The input space of a run: read as it was written, and refused where it contradicts itself. */
import { beforeAll, describe, expect, test } from 'vitest'
import { openFixture } from '../testing/fixture'
import { EXPECTED_SPACE, openSpace } from '../testing/space'
import { RunError } from './errors'
import { Fields } from './fields'
import type { Run } from './run'
import { mapIn, readSpace, valuesOfMap, type Space } from './space'

describe('the run of a model with two inputs', () => {
  let run: Run
  let space: Space

  beforeAll(async () => {
    run = await openSpace()
    if (!run.manifest.space) throw new Error('the fixture has no space')
    space = run.manifest.space
  })

  test('says what was shown and what is kept', () => {
    const { low, high, side, layers } = EXPECTED_SPACE
    expect(space).toMatchObject({ low, high, side })
    expect(space.layers.map((l) => [l.node, l.isOutput, l.units, l.chosen])).toEqual(layers)
  })

  test('has every map of every frame', async () => {
    for (let index = 0; index < run.frames.count; index++) {
      const { space: row } = await run.frame(index, ['space'])
      expect(run.frameNow(index, ['space'])?.space).toEqual(row)
      if (!row) throw new Error(`frame ${index} has no maps`)
      for (const layer of space.layers) {
        const found = layer.chosen.map((_, i) => valuesOfMap(row, layer, i)?.filter((_, at) => at % 97 === 0))
        expect(found.map((values) => [...(values ?? [])])).toEqual(EXPECTED_SPACE.maps[layer.node]?.[index])
      }
    }
  })

  test('reads no maps that are not asked for', async () => {
    expect((await run.frame(0, ['weight'])).space).toBeNull()
  })

  test('has the scales of all frames', async () => {
    const scales = await run.spaceScalesOf(0, run.frames.count)
    expect(scales?.length).toBe(run.frames.count * space.maps)
    expect(scales?.every((scale) => scale > 0)).toBe(true)
  })

  test('knows a map that a frame does not have', () => {
    const [layer] = space.layers
    const row = { codes: new Int16Array(space.width), scales: new Float32Array(space.maps).fill(NaN) }
    if (!layer) throw new Error('no layer')
    expect(mapIn(row, layer, 0)).toBeNull()
    expect(valuesOfMap(row, layer, 0)).toBeNull()
  })
})

test('a run of another model has none', async () => {
  const run = await openFixture('packed')
  expect(run.manifest.space).toBeNull()
  expect((await run.frame(0, ['space'])).space).toBeNull()
})

const LAYER = { node: 'output', is_output: true, units: 2, chosen: [0, 1], stride: 1, offset: 0 }
const GRID = { input: 'input', low: [0, 0], high: [1, 1], side: 5, layers: [LAYER] }

describe('a space from a stranger', () => {
  test('that is healthy is read', () => {
    expect(readSpace(new Fields(GRID, 'space'))).toMatchObject({ width: 50, maps: 2 })
  })

  test.each([
    ['a side of a million', { ...GRID, side: 1e6 }, /1000000 inputs a side/],
    ['no side', { ...GRID, side: 0 }, /0 inputs a side/],
    ['an empty range', { ...GRID, high: [0, 1] }, /goes from 0, 0 to 0, 1/],
    ['a range of three', { ...GRID, low: [0, 0, 0] }, /low of 3 numbers/],
    ['a range of texts', { ...GRID, low: ['0', '0'] }, /a list of finite numbers/],
    ['a stride that does not fit', { ...GRID, layers: [{ ...LAYER, stride: 3 }] }, /at every 3 inputs/],
    ['a stride of zero', { ...GRID, layers: [{ ...LAYER, stride: 0 }] }, /at every 0 inputs/],
    [
      'units that it does not have',
      { ...GRID, layers: [{ ...LAYER, chosen: [0, 2] }] },
      /units 0, 2 of the 2/,
    ],
    ['units twice', { ...GRID, layers: [{ ...LAYER, chosen: [0, 0] }] }, /units 0, 0 of the 2/],
    ['no unit', { ...GRID, layers: [{ ...LAYER, chosen: [] }] }, /of the 2 of 'output'/],
    ['a map elsewhere', { ...GRID, layers: [{ ...LAYER, offset: 2 ** 50 }] }, /'output' begin at/],
    [
      'a million maps',
      { ...GRID, layers: [{ ...LAYER, units: 1e6, chosen: Array.from({ length: 5000 }, (_, i) => i) }] },
      /5000 maps/,
    ],
  ])('with %s is refused', (_, content, place) => {
    expect(() => readSpace(new Fields(content, 'space'))).toThrow(RunError)
    expect(() => readSpace(new Fields(content, 'space'))).toThrow(place)
  })
})

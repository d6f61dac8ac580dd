import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at, FRAMES, memoryOf, STATES, textOf, filesOf, type Json } from '../testing/fixture'
import { RunError } from './errors'
import { glance } from './glance'
import { FORMAT, readManifest, showing, STATISTICS } from './manifest'
import { isGrowing, readStatus } from './status'

/** The least that a manifest says. */
const LEAST: Json = {
  format: FORMAT,
  statistics: STATISTICS,
  model: { type: 'MLP', parameters: 12, trainable: 12 },
  budget: { asked: 0.02 },
  probes: { count: 0 },
}

function tensor(shape: readonly number[], strides: readonly number[]): Json {
  return { name: 'w', role: 'weight', shape, strides, dtype: 'float32', offset: 3, measured: 1 }
}

describe('the manifest', () => {
  test('may leave out what it has none of', () => {
    expect(readManifest(LEAST)).toEqual({
      title: '',
      created: '',
      tags: [],
      software: {},
      model: { type: 'MLP', parameters: 12, trainable: 12 },
      tensors: [],
      graph: { nodes: [], groups: [], edges: [], partial: '' },
      probes: { count: 0, inputs: [], outputs: [], embedding: null, labels: [], classes: [] },
      exact: [],
      space: null,
      budget: { asked: 0.02, every: null },
      thinned: null,
      landscape: null,
      peel: null,
      practice: [],
    })
  })

  test('of the same format may say more than this page knows', () => {
    const manifest = readManifest({ ...LEAST, colour: 'blue', statistics: [...STATISTICS, 'skew'] })
    expect(manifest.title).toBe('')
  })

  test('of a newer format is refused with the way to read it', () => {
    const read = () => readManifest({ ...LEAST, format: FORMAT + 1, statistics: 'anything' })
    expect(read).toThrow(RunError)
    expect(read).toThrow(
      /format 2, and this page reads formats up to 1\n {2}fix: .*pip install --upgrade onionskin/,
    )
  })

  test('gives each tensor the shape that every stride-th value of each axis has', () => {
    const axis = fc.record({ length: fc.nat(60), stride: fc.integer({ min: 1, max: 70 }) })
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 4 }), (axes) => {
        const shape = axes.map(({ length }) => length)
        const strides = axes.map(({ stride }) => stride)
        const [entry] = readManifest({ ...LEAST, tensors: [tensor(shape, strides)] }).tensors
        const kept = axes.map(
          ({ length, stride }) => Array.from({ length }, (_, i) => i).filter((i) => i % stride === 0).length,
        )
        expect(entry?.kept).toEqual(kept)
        expect(entry?.count).toBe(kept.reduce((a, b) => a * b, 1))
        expect(entry?.size).toBe(shape.reduce((a, b) => a * b, 1))
      }),
    )
  })

  test('numbers its tensors and tells those of one name apart by their role', () => {
    const tensors = ['weight', 'gradient'].map((role) => ({ ...tensor([2], [1]), role }))
    const read = readManifest({ ...LEAST, tensors }).tensors
    expect(read.map(({ index, key, offset }) => [index, key, offset])).toEqual([
      [0, 'weight/w', 3],
      [1, 'gradient/w', 3],
    ])
  })

  test('counts two numbers for an exact value that is complex', () => {
    const entry = { name: 'z', shape: [2, 3], array: 'float64', offset: 0 }
    const exact = ['complex128', 'float64'].map((dtype) => ({ ...entry, dtype }))
    expect(readManifest({ ...LEAST, exact }).exact.map(({ count }) => count)).toEqual([12, 6])
  })
})

test('a thinned picture says how much of the tensor it shows', () => {
  expect(showing(4096, 2_359_296)).toBe('showing 4,096 of 2,359,296')
  expect(showing(4096, 4096)).toBe('showing all 4,096')
})

describe('the status', () => {
  const least: Json = { state: 'growing', updated: 1000, overhead: {} }

  test('may leave out what there is none of', () => {
    expect(readStatus(least)).toEqual({
      state: 'growing',
      updated: 1000,
      ended: '',
      overheadShare: 0,
      wallSeconds: 0,
      dropped: [],
      warnings: [],
      health: [],
      hasModel: false,
    })
  })

  test('is that of a growing run until it was silent for ten seconds', () => {
    const status = readStatus(least)
    expect([isGrowing(status, 1000), isGrowing(status, 1010), isGrowing(status, 1010.5)]).toEqual([
      true,
      true,
      false,
    ])
    expect(isGrowing(readStatus({ ...least, state: 'closed' }), 1000)).toBe(false)
  })
})

describe.each(STATES)('at a glance, the fixture, %s', (state) => {
  test('is what a list of runs says of it', async () => {
    const { manifest, status, frames, lastStep } = await glance(memoryOf(state))
    expect([manifest.model.type, status.health.length, frames, lastStep]).toEqual(['Small', 1, FRAMES, 59])
  })

  test('takes four small files', async () => {
    const store = memoryOf(state)
    await glance(store)
    expect([...store.asked].sort()).toEqual([
      'frames/zarr.json',
      'scalars/zarr.json',
      'status/zarr.json',
      'zarr.json',
    ])
  })
})

test('at a glance, a run that has only begun has no frames yet', async () => {
  const store = memoryOf('growing', (files) => {
    for (const path of files.keys()) if (/^(frames|scalars)\//.test(path)) files.delete(path)
  })
  expect(await glance(store)).toMatchObject({ frames: 0, lastStep: 0 })
})

test('the manifest of the fixture is read to what stands in it', () => {
  const content = JSON.parse(textOf(filesOf('packed'), 'zarr.json')) as Json
  const written = at(content, 'attributes.onionskin')
  const { probes, graph } = readManifest(written)
  const image = at(written, 'probes.inputs.0')
  expect(probes.inputs[0]).toEqual({
    name: 'input',
    shape: [2, 1, 8, 8],
    dtype: 'float32',
    offset: 0,
    isImage: true,
  })
  expect(image['is_image']).toBe(true)
  expect(graph.nodes).toEqual(written['graph'] && (written['graph'] as Json)['nodes'])
  expect(graph.groups).toEqual((written['graph'] as Json)['groups'])
})

/** Runs from a stranger: each is refused with its place and a remedy, and none hangs or fills the memory. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  array,
  both,
  cut,
  frames,
  json,
  manifest,
  more,
  shardOf,
  status,
  text,
  without,
  type Damage,
} from '../testing/damages'
import { bytesOf, filesOf, memoryOf } from '../testing/fixture'
import { RunError } from './errors'
import { glance } from './glance'
import { ROLES } from './manifest'
import { codesIn, partOf, Run } from './run'
import { MemoryStore, type Store } from './store'

const SHARDING = 'codecs.0.configuration'
const GRID = 'chunk_grid.configuration'
const BOMB = gzipSync(new Uint8Array(64 * 2 ** 20))
const TENSOR = 'tensors.0'
const GROUP = { type: '', layer: 0, lane: 0 }

/** What is done to the packed fixture, and the place that the refusal names. */
const HOSTILE: readonly (readonly [name: string, damage: Damage, place: RegExp])[] = [
  ['no manifest', without('zarr.json', 'attributes', 'onionskin'), /no run: it has no 'onionskin'/],
  ['no attributes', without('zarr.json', '', 'attributes'), /no run: it has no 'onionskin'/],
  [
    'a manifest that is a list',
    json('zarr.json', 'attributes', (a) => (a['onionskin'] = [1])),
    /manifest is \[1\]/,
  ],
  ['a manifest that is no JSON', text('zarr.json', () => '{'), /zarr\.json is no JSON/],
  ['a manifest that is deep', text('zarr.json', () => '['.repeat(100_000)), /zarr\.json is no JSON/],
  ['a manifest that is a number', text('zarr.json', () => '3'), /zarr\.json is 3, not an object/],
  ['a newer format', manifest('', { format: 99 }), /has format 99/],
  ['a format that is a text', manifest('', { format: '1' }), /manifest\.format is "1"/],
  ['other statistics', manifest('', { statistics: ['norm'] }), /its statistics are 'norm'/],
  ['a negative shape', manifest(TENSOR, { shape: [-1, 4] }), /tensors\[0\]\.shape is \[-1,4\]/],
  ['a huge shape', manifest(TENSOR, { shape: [2 ** 40, 2 ** 40] }), /tensors\[0\]\.shape is/],
  ['a shape that is true', manifest(TENSOR, { shape: [true] }), /tensors\[0\]\.shape is \[true\]/],
  ['a stride of zero', manifest(TENSOR, { strides: [0, 1, 1, 1] }), /'conv\.weight' has shape/],
  ['strides of another rank', manifest(TENSOR, { strides: [1] }), /'conv\.weight' has shape/],
  ['a role with a path', manifest(TENSOR, { role: '../../etc' }), /has the role '\.\.\/\.\.\/etc'/],
  ['an offset beyond all rows', manifest(TENSOR, { offset: 2 ** 53 }), /'conv\.weight' begins at/],
  ['an offset that is a text', manifest(TENSOR, { offset: 'NaN' }), /tensors\[0\]\.offset is "NaN"/],
  [
    'two tensors of one name',
    manifest('tensors.1', { name: 'conv.weight' }),
    /two of its tensors have one name/,
  ],
  ['an edge to nowhere', more('graph', 'edges', { source: 'input', target: 'x' }), /from 'input' to 'x'/],
  ['two nodes of one id', manifest('graph.nodes.1', { id: 'input' }), /two nodes of its graph have one id/],
  ['a node in no group', manifest('graph.nodes.1', { group: 'x' }), /'x' is no group/],
  ['a node of an unknown kind', manifest('graph.nodes.1', { kind: 'x' }), /'conv' is of the kind 'x'/],
  [
    'groups in a circle',
    more('graph', 'groups', { ...GROUP, path: 'a', group: 'b' }, { ...GROUP, path: 'b', group: 'a' }),
    /group 'a' says that it stands in 'b'/,
  ],
  [
    'a group in itself',
    more('graph', 'groups', { ...GROUP, path: 'a', group: 'a' }),
    /'a' says that it stands in 'a'/,
  ],
  ['an infinite lane', text('zarr.json', (t) => t.replace('"lane":0.0', '"lane":1e999')), /lane is null/],
  ['exact weights elsewhere', manifest('exact.0', { array: '../../passwd' }), /'\.\.\/\.\.\/passwd'/],
  ['exact weights beyond the row', manifest('exact.0', { offset: 2 ** 40 }), /exact values of 'fc\.bias'/],
  [
    'outputs beyond the row',
    manifest('probes.outputs.0', { offset: 2 ** 40 }),
    /values of 'output' are cut short/,
  ],
  ['an embedding beyond the row', manifest('probes.embedding', { offset: 4 }), /'embedding' are cut short/],
  ['a million probes', manifest('probes', { count: 1e6 }), /1000000 probes/],
  ['inputs of another size', manifest('probes.inputs.0', { shape: [2, 9] }), /input 'input' is cut short/],
  [
    'inputs that are missing',
    more('probes', 'inputs', { name: 'mask', shape: [2], dtype: 'bool' }),
    /'mask' is missing/,
  ],
  ['no status', (files) => files.delete('status/zarr.json'), /has no status\/zarr\.json/],
  ['a status of another kind', status('', { state: 'paused' }), /its state is 'paused'/],
  [
    'a status without a time',
    without('status/zarr.json', 'attributes.status', 'updated'),
    /status\.updated is missing/,
  ],
  ['a note without a number', status('health.0', { value: 'x' }), /status\.health\[0\]\.value/],
  ['a gap before the start', status('dropped.0', { first: -4 }), /status\.dropped\[0\]\.first is -4/],
  ['a million million frames', array('frames', { shape: [1e12, 3] }), /1,000,000,000,000 frames/],
  ['frames of another width', array('frames', { shape: [20, 7] }), /frames/],
  ['frames as wide as all memory', array('frames', { shape: [20, 2 ** 40] }), /frames would take .* MiB/],
  [
    'a huge chunk',
    array('statistics', { chunk_shape: [2 ** 20, 2 ** 20, 11] }, GRID),
    /statistics\/zarr\.json has/,
  ],
  [
    'a chunk of a gigabyte',
    array('scalars', { chunk_shape: [2 ** 24, 8] }, GRID),
    /scalars\/zarr\.json has chunks/,
  ],
  [
    'a huge shard',
    array('pictures/weight', { chunk_shape: [2 ** 40, 4047] }, GRID),
    /weight\/zarr\.json has chunks/,
  ],
  [
    'a chunk of no rows',
    array('frames', { chunk_shape: [0, 3] }, SHARDING),
    /frames\/zarr\.json has shards of/,
  ],
  [
    'a chunk that is no part',
    array('frames', { chunk_shape: [7, 3] }, SHARDING),
    /frames\/zarr\.json has shards of/,
  ],
  [
    'an index at the start',
    array('frames', { index_location: 'start' }, SHARDING),
    /frames\/zarr\.json is coded/,
  ],
  [
    'an array of objects',
    array('frames', { data_type: 'object' }),
    /frames\/zarr\.json has values of type 'object'/,
  ],
  ['a codec of no run', array('scalars', { codecs: [{ name: 'zstd' }] }), /scalars\/zarr\.json is coded/],
  [
    'big endians',
    array('scalars', { endian: 'big' }, 'codecs.0.configuration'),
    /scalars\/zarr\.json is coded/,
  ],
  ['a negative array', array('frames', { shape: [-5, 3] }), /frames\/zarr\.json\.shape is \[-5,3\]/],
  ['an array that is no JSON', text('frames/zarr.json', () => 'nope'), /frames\/zarr\.json is no JSON/],
  [
    'an array of Zarr 2',
    array('frames', { zarr_format: 2 }),
    /frames\/zarr\.json does not describe a Zarr v3/,
  ],
  [
    'a separator of its own',
    array('frames', { separator: '../' }, 'chunk_key_encoding.configuration'),
    /is coded/,
  ],
  ['a fill value that is a text', array('frames', { fill_value: '0x7ff8' }), /filled with what is no number/],
  ['pictures of floats', array('pictures/weight', { data_type: 'float16' }), /role 'weight' are not int16/],
  ['statistics of doubles', array('statistics', { data_type: 'float64' }), /statistics/],
  [
    'statistics of another width',
    array('statistics', { shape: [20, 8, 12] }),
    /its statistics have 12 columns/,
  ],
  [
    'names that are numbers',
    array('scalars', { names: [1] }, 'attributes'),
    /scalars\.attributes\.names is \[1\]/,
  ],
  ['a scalar without a name', array('scalars', { names: ['loss'] }, 'attributes'), /2 scalars and 1 names/],
  ['steps that go back', frames([0, 3, 2]), /not in the order of their steps/],
  ['steps that are NaN', frames([0, NaN, 2]), /not in the order of their steps/],
  ['statistics that are cut', cut('statistics/c/0/0/0'), /statistics/],
  ['pictures that are cut', cut('pictures/weight/c/0/0'), /pictures\/weight/],
  ['frames that are cut', cut('frames/c/0/0'), /frames/],
  ['outputs that are cut', cut('probes/outputs/c/0/0'), /probes\/outputs/],
  ['inputs that are cut', cut('probes/input/0/c.0.0.0.0'), /chunk 0\.0\.0\.0 of probes\/input\/0 is no gzip/],
  [
    'a bomb',
    (files) => files.set('probes/input/0/c.0.0.0.0', new Uint8Array(BOMB)),
    /more than its 512 bytes/,
  ],
  ['a bomb in a shard', shardOf('frames/c/0/0', 2, BOMB), /of frames inflates to more than its 240 bytes/],
  [
    'a shard of fifty thousand large chunks', // a small file that would inflate to 390 GiB
    both(
      array('pictures/weight', { shape: [20, 50_000] }),
      array('pictures/weight', { chunk_shape: [2 ** 22, 50_000] }, GRID),
      array('pictures/weight', { chunk_shape: [2 ** 22, 1] }, SHARDING),
      shardOf('pictures/weight/c/0/0', 50_000, gzipSync(new Uint8Array(2 ** 23))),
    ),
    /pictures\/weight would take .* MiB/,
  ],
]

/** Everything that the page reads of a run. */
async function readEverything(store: Store): Promise<void> {
  const run = await Run.open(store)
  await glance(store)
  await run.inputs()
  for (let index = 0; index < run.frames.count; index++) {
    const frame = await run.frame(index, ROLES)
    run.frameNow(index, ROLES)
    for (const tensor of run.manifest.tensors) codesIn(frame, tensor, run)
    if (frame.outputs) for (const part of run.manifest.probes.outputs) partOf(frame.outputs, part)
    await run.embedding(index)
    await run.exact(index)
  }
}

async function refusal(store: Store): Promise<RunError | null> {
  try {
    await readEverything(store)
    return null
  } catch (error) {
    if (error instanceof RunError) return error
    throw error
  }
}

describe('a run from a stranger', () => {
  test('that is healthy is read', async () => {
    expect(await refusal(memoryOf('packed'))).toBeNull()
    expect(await refusal(memoryOf('growing'))).toBeNull()
  })

  test.each(HOSTILE)('with %s is refused', async (_, damage, place) => {
    const store = memoryOf('packed', damage)
    const before = process.resourceUsage().maxRSS
    const refused = await refusal(store)
    expect(refused?.what).toMatch(place)
    expect(refused?.fix).not.toBe('')
    expect(refused?.message).toContain('fix: ')
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(100)
  })

  test('is read or refused, whichever byte of it is another', async () => {
    const original = filesOf('packed')
    const paths = [...original.keys()]
    const change = fc.record({
      file: fc.nat(paths.length - 1),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    await fc.assert(
      fc.asyncProperty(change, fc.integer({ min: 0, max: 255 }), async ({ file, place }, byte) => {
        const path = paths[file] ?? ''
        const bytes = bytesOf(original, path).slice()
        bytes[Math.floor(place * (bytes.length - 1))] = byte
        await refusal(new MemoryStore(new Map(original).set(path, bytes)))
      }),
      { numRuns: 80 },
    )
  })

  test('is read or refused, whichever file of it is missing or empty', async () => {
    for (const path of filesOf('packed').keys()) {
      await refusal(memoryOf('packed', (files) => files.delete(path)))
      const refused = await refusal(memoryOf('packed', (files) => files.set(path, new Uint8Array())))
      // The groups between say nothing of the run.
      expect(refused === null).toBe(/^(exact|pictures|probes|probes\/input)\/zarr\.json$/.test(path))
    }
  })
})

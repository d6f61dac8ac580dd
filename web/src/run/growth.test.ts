/** A run that grows while it is read: what is shown is what was written, never half of it and never what was there before. */
import { describe, expect, test } from 'vitest'
import { writeArray } from '../testing/arrays'
import {
  at,
  bytesOf,
  edit,
  EXPECTED,
  filesOf,
  FRAMES,
  plain,
  type Files,
  type Json,
} from '../testing/fixture'
import { grown, turnInto } from '../testing/growth'
import { SlowStore } from '../testing/slow'
import { decode } from './codes'
import { ROLES, STATISTICS } from './manifest'
import { codesIn, partOf, Run } from './run'

async function opened(files: Files): Promise<{ run: Run; store: SlowStore }> {
  const store = new SlowStore(files)
  return { run: await Run.open(store), store }
}

/** Whether a frame of a run is what was recorded: every picture, statistic, output and exact weight. */
async function check(run: Run, index: number): Promise<void> {
  const frame = await run.frame(index, ROLES)
  const [step, time] = EXPECTED.frames[index] ?? []
  expect([frame.index, frame.step, frame.time]).toEqual([index, step, time])
  for (const tensor of run.manifest.tensors) {
    const statistics = STATISTICS.map((name) => run.statistics.at(index, tensor.index, name))
    expect(plain(statistics)).toEqual(EXPECTED.statistics[index]?.[tensor.index])
    const codes = codesIn(frame, tensor, run)
    const scale = run.statistics.at(index, tensor.index, 'scale')
    const picture = codes && plain(decode(codes.subarray(0, 40), scale))
    expect(picture).toEqual(EXPECTED.pictures[tensor.key]?.[index])
  }
  const [output] = run.manifest.probes.outputs
  expect(frame.outputs && output && plain(partOf(frame.outputs, output))).toEqual(
    EXPECTED.outputs[index]?.[0],
  )
  expect(plain((await run.embedding(index)) ?? [])).toEqual(EXPECTED.embedding[index])
  const exact = [...(await run.exact(index))].map(([name, { values }]) => [name, plain(values)])
  expect(Object.fromEntries(exact)).toEqual(EXPECTED.exact[index])
}

describe('a run that grows', () => {
  test('is read frame by frame as they join', async () => {
    const { run, store } = await opened(grown(1))
    for (let count = 1; count <= FRAMES; count++) {
      turnInto(store.files, grown(count))
      await run.refresh()
      expect(run.frames.count).toBe(count)
      for (const index of new Set([0, Math.max(0, count - 2), count - 1])) await check(run, index)
    }
  })

  test('is read as well when many frames joined at once', async () => {
    const { run, store } = await opened(grown(2))
    await check(run, 1)
    turnInto(store.files, grown(17))
    await run.refresh()
    for (let index = 0; index < 17; index++) await check(run, index)
  })

  test('shows no frame before it is revealed', async () => {
    const { run } = await opened(grown(4, 9))
    expect(run.frames.count).toBe(4)
    expect(run.statistics.count).toBe(4)
    await check(run, 3)
    await expect(run.frame(4, ROLES)).rejects.toThrow('there is no frame 4')
  })

  test('has scalars up to the newest step, and takes those that come late', async () => {
    const { run, store } = await opened(grown(2))
    const loss = plain(run.scalars.column('loss'))
    expect(loss).toEqual(EXPECTED.scalars['loss']?.slice(0, 4))
    turnInto(store.files, grown(9))
    await run.refresh()
    expect(run.scalars.steps).toBe(25)
    for (const name of ['loss', 'accuracy']) {
      expect(plain(run.scalars.column(name))).toEqual(EXPECTED.scalars[name]?.slice(0, 25))
    }
  })

  test('takes a scalar that comes late, as from an accelerator, and at its end however late', async () => {
    const names = ['loss']
    const late = (values: readonly number[]) => {
      const files = grown(2)
      writeArray(files, 'scalars', {
        dtype: 'float64',
        shape: [values.length, 1],
        chunk: [1024, 8],
        values: Float64Array.from(values),
        attributes: { names },
      })
      return files
    }
    const { run, store } = await opened(late([NaN, 3, NaN, NaN]))
    turnInto(store.files, late([NaN, 3, 2, 1, NaN]))
    await run.refresh()
    expect(plain(run.scalars.column('loss'))).toEqual([null, 3, 2, 1, null])
    const long = Array.from({ length: 5000 }, (_, step) => (step === 7 ? NaN : step))
    turnInto(store.files, late(long))
    await run.refresh()
    expect(run.scalars.column('loss')[7]).toBeNaN()
    long[7] = 7
    const closed = late(long)
    closed.set('status/zarr.json', bytesOf(filesOf('packed'), 'status/zarr.json'))
    turnInto(store.files, closed)
    await run.refresh()
    expect([...run.scalars.column('loss')]).toEqual(long)
  })

  test('that has no frames yet shows them when they come', async () => {
    const early = new Map(
      [...filesOf('growing')].filter(([path]) => /^(status\/|probes\/input\/.*)?zarr\.json$/.test(path)),
    )
    const { run, store } = await opened(early)
    expect([run.frames.count, run.statistics.count, run.scalars.steps]).toEqual([0, 0, 0])
    turnInto(store.files, grown(3))
    await run.refresh()
    for (const index of [0, 1, 2]) await check(run, index)
  })

  test('reads a chunk again only where rows have joined it', async () => {
    const { run, store } = await opened(grown(1))
    await check(run, 0)
    turnInto(store.files, grown(2))
    await run.refresh()
    store.asked.length = 0
    await check(run, 0)
    expect(store.asked).toEqual([]) // what was read stays, though its chunk has a new row
    expect(run.frameNow(1, [])).toBeNull() // the chunk that is kept was read before this row joined it
    await check(run, 1)
    expect(store.asked).toContain('probes/outputs/c.0.0')
    store.asked.length = 0
    await check(run, 0)
    await check(run, 1)
    expect(store.asked).toEqual([])
  })

  test('shows the new row of a chunk that was already on its way', async () => {
    const { run, store } = await opened(grown(1))
    const release = store.hold('probes/outputs/c.0.0')
    const early = run.frame(0, ['weight'])
    await new Promise((resolve) => setTimeout(resolve)) // the old bytes are on their way now
    turnInto(store.files, grown(2))
    await run.refresh()
    const late = run.frame(1, ['weight'])
    release()
    expect(plain((await early).outputs ?? [])).toEqual(EXPECTED.outputs[0]?.[0])
    expect(plain((await late).outputs ?? [])).toEqual(EXPECTED.outputs[1]?.[0])
  })

  test('has a frame at once when it was loaded, and not before', async () => {
    const { run, store } = await opened(grown(3))
    expect(run.frameNow(1, ['weight', 'activation'])).toBeNull()
    const loaded = await run.frame(1, ['weight', 'activation'])
    expect(run.frameNow(1, ['weight', 'activation'])).toEqual(loaded)
    expect(run.frameNow(1, ['weight', 'gradient'])).toBeNull()
    expect(run.frameNow(2, ['weight', 'activation'])).toBeNull()
    turnInto(store.files, grown(4))
    await run.refresh()
    expect(run.frameNow(1, ['weight', 'activation'])).toEqual(loaded)
    expect(run.frameNow(3, ['weight', 'activation'])).toBeNull()
    await run.frame(3, ['weight', 'activation'])
    expect(run.frameNow(3, ['weight', 'activation'])?.step).toBe(9)
  })

  test('asks for a file once, however many want it at once', async () => {
    const { run, store } = await opened(grown(3))
    store.asked.length = 0
    await Promise.all([run.frame(2, ROLES), run.frame(2, ROLES), run.frame(2, ['weight'])])
    expect(store.asked.filter((path) => path === 'pictures/weight/c.2.0')).toHaveLength(1)
  })
})

describe('a run whose tensors join later', () => {
  const LAST = 7 // activation/conv, the last tensor of the manifest

  /** The folder with a manifest of `tensors` tensors and `frames` frames, the last tensor in them from frame 3 on. */
  function joining(frames: number, tensors: number, isWide: boolean): Files {
    const files = grown(frames)
    edit(files, 'zarr.json', (content) => {
      const manifest = at(content, 'attributes.onionskin')
      manifest['tensors'] = (manifest['tensors'] as unknown[]).slice(0, tensors)
    })
    if (!isWide)
      for (const path of files.keys()) if (path.startsWith('pictures/activation')) files.delete(path)
    const rows = EXPECTED.statistics
      .slice(0, frames)
      .map((row) => row.map((values) => values.map((v) => Number(v ?? NaN))))
    // The chunks stay as wide as they were; what joined stands in a second one beside them.
    const values = rows.map((row, frame) =>
      row.slice(0, isWide ? LAST + 1 : LAST).map((v, i) => (i === LAST && frame < 3 ? v.map(() => NaN) : v)),
    )
    for (const path of [...files.keys()]) if (path.startsWith('statistics/c.')) files.delete(path)
    writeArray(files, 'statistics', {
      dtype: 'float32',
      shape: [64, isWide ? LAST + 1 : LAST, STATISTICS.length],
      chunk: [1, LAST, STATISTICS.length],
      values: values.flat(2),
    })
    return files
  }

  test('shows them from the frame on in which they joined', async () => {
    const { run, store } = await opened(joining(3, LAST, false))
    expect(run.manifest.tensors).toHaveLength(LAST)
    turnInto(store.files, joining(5, LAST + 1, true))
    await run.refresh()
    const tensor = run.manifest.tensors[LAST]
    if (!tensor) throw new Error('it has not joined')
    expect(codesIn(await run.frame(2, ['activation']), tensor, run)).toBeNull()
    for (const index of [3, 4]) await check(run, index)
  })

  test('shows them when it was told of them before they were written', async () => {
    const { run, store } = await opened(joining(3, LAST, false))
    await run.frame(2, ROLES)
    turnInto(store.files, joining(3, LAST + 1, false)) // the manifest comes first
    await run.refresh()
    await run.frame(2, ROLES)
    turnInto(store.files, joining(5, LAST + 1, true))
    await run.refresh()
    for (const index of [3, 4]) await check(run, index)
  })

  test('shows them when it was told of them after they were written', async () => {
    const { run, store } = await opened(joining(3, LAST, false))
    turnInto(store.files, joining(4, LAST, true)) // they were written behind the back of the refresh
    await run.refresh()
    turnInto(store.files, joining(5, LAST + 1, true))
    await run.refresh()
    for (const index of [3, 4]) await check(run, index)
  })
})

test('a run without activations has its frames at once as well, while it grows', async () => {
  const files = grown(3)
  edit(files, 'zarr.json', (content) => {
    const manifest = at(content, 'attributes.onionskin')
    manifest['tensors'] = (manifest['tensors'] as Json[]).filter((tensor) => tensor['role'] === 'weight')
  })
  const { run, store } = await opened(files)
  expect((await run.frame(2, ['weight', 'activation'])).codes.activation).toBeUndefined()
  expect(run.frameNow(2, ['weight', 'activation'])?.codes.weight).toHaveLength(4047)
  expect(store.asked.filter((path) => path.startsWith('pictures/activation'))).toEqual([])
})

describe('a run that is packed while it is open', () => {
  test('is read on, before anybody says that it was closed', async () => {
    const { run, store } = await opened(grown(FRAMES))
    await run.frame(0, ROLES)
    turnInto(store.files, filesOf('packed'))
    for (let index = 0; index < FRAMES; index++) await check(run, index)
  })

  test('is read on when it was closed with frames that nobody had seen', async () => {
    const { run, store } = await opened(grown(7))
    for (const index of [0, 5, 6]) await check(run, index)
    turnInto(store.files, filesOf('packed'))
    await run.refresh()
    expect(run.status.state).toBe('closed')
    expect(run.frames.count).toBe(FRAMES)
    expect(plain(run.scalars.column('accuracy'))).toEqual(EXPECTED.scalars['accuracy'])
    for (let index = 0; index < FRAMES; index++) await check(run, index)
  })

  test('is read on from what lies on the way when its files move', async () => {
    const { run, store } = await opened(grown(FRAMES))
    const release = store.hold('pictures/weight/c.4.0')
    turnInto(store.files, new Map([...store.files].filter(([path]) => path !== 'pictures/weight/c.4.0')))
    const frame = run.frame(4, ['weight'])
    await new Promise((resolve) => setTimeout(resolve))
    turnInto(store.files, filesOf('packed'))
    release()
    expect((await frame).codes.weight).toHaveLength(4047)
    await check(run, 4)
  })

  test('has a frame at once as before', async () => {
    const { run, store } = await opened(grown(FRAMES))
    const before = await run.frame(3, ROLES)
    turnInto(store.files, filesOf('packed'))
    await run.refresh()
    store.asked.length = 0
    expect((await run.frame(3, ROLES)).codes).toEqual(before.codes)
    expect(run.frameNow(3, ROLES)?.outputs).toEqual(before.outputs)
  })
})

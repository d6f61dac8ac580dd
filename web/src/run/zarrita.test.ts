/** The folder is open: a Zarr library that knows nothing of runs reads the same numbers as the reader of this page. */
import FileSystemStore from '@zarrita/storage/fs'
import { describe, expect, test } from 'vitest'
import * as zarr from 'zarrita'
import { EXPECTED, folderOf, FRAMES, openFixture, plain, STATES, type State } from '../testing/fixture'
import { decode } from './codes'
import { ROLES, STATISTICS } from './manifest'

async function read<T extends zarr.DataType>(state: State, name: string, dtype: T) {
  const array = await zarr.open.v3(zarr.root(new FileSystemStore(folderOf(state))).resolve(name), {
    kind: 'array',
  })
  if (!array.is(dtype)) throw new Error(`${name} is ${array.dtype}, not ${dtype}`)
  return zarr.get(array)
}

describe.each(STATES)('zarrita reads the fixture, %s', (state) => {
  test('with the same frames, and what each cost', async () => {
    const { data, shape } = await read(state, 'frames', 'float64')
    expect(shape).toEqual([FRAMES, 3])
    expect(plain(data)).toEqual(EXPECTED.frames.flat())
  })

  test('with the same scalars, their names in the attributes', async () => {
    const { data, shape } = await read(state, 'scalars', 'float64')
    const names = Object.keys(EXPECTED.scalars)
    expect(shape[1]).toBe(names.length)
    for (const [i, name] of names.entries()) {
      const column = plain(data.filter((_, place) => place % names.length === i))
      expect(column).toEqual(EXPECTED.scalars[name])
    }
  })

  test('with the same statistics', async () => {
    const { data, shape } = await read(state, 'statistics', 'float32')
    const values = EXPECTED.statistics.flat(2)
    expect(shape.slice(1)).toEqual([values.length / FRAMES / STATISTICS.length, STATISTICS.length])
    expect(plain(data.subarray(0, values.length))).toEqual(values)
  })

  test('with the same codes of every picture', async () => {
    const run = await openFixture(state)
    for (const role of ROLES.filter((candidate) => candidate !== 'optimizer')) {
      const { data, shape } = await read(state, `pictures/${role}`, 'int16')
      const [, width = 0] = shape
      for (let index = 0; index < FRAMES; index++) {
        const { codes } = await run.frame(index, [role])
        expect(codes[role]).toHaveLength(width)
        expect(codes[role]?.every((code, i) => code === data[index * width + i])).toBe(true)
      }
    }
  })

  test('to the same values, with the scales of its own', async () => {
    const { data: statistics } = await read(state, 'statistics', 'float32')
    const { tensors } = (await openFixture(state)).manifest
    for (const tensor of tensors) {
      const { data, shape } = await read(state, `pictures/${tensor.role}`, 'int16')
      const found = EXPECTED.frames.map((_, frame) => {
        const scale = statistics[(frame * tensors.length + tensor.index + 1) * STATISTICS.length - 1] ?? NaN
        const start = frame * (shape[1] ?? 0) + tensor.offset
        const codes = data.slice(start, start + Math.min(40, tensor.count))
        return Number.isNaN(scale) ? null : plain(decode(codes, scale))
      })
      expect(found).toEqual(EXPECTED.pictures[tensor.key])
    }
  })

  test('with the same probes and exact weights', async () => {
    expect(plain((await read(state, 'probes/input/0', 'float32')).data)).toEqual(EXPECTED.inputs[0])
    const outputs = EXPECTED.outputs.flat(2)
    expect(plain((await read(state, 'probes/outputs', 'float32')).data).slice(0, outputs.length)).toEqual(
      outputs,
    )
    const embedding = EXPECTED.embedding.flat()
    const found = plain((await read(state, 'probes/embedding', 'float32')).data)
    expect(found.slice(0, embedding.length)).toEqual(embedding)
    const steps = EXPECTED.exact.flatMap((exact) => exact['steps'] ?? [])
    expect(plain((await read(state, 'exact/float64', 'float64')).data).slice(0, FRAMES)).toEqual(steps)
  })
})

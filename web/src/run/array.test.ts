import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeArray, type Written } from '../testing/arrays'
import { plain, type Files } from '../testing/fixture'
import { RunArray, type Caches } from './array'
import { ByteCache } from './cache'
import { size } from './fields'
import type { DataType } from './metadata'
import { MemoryStore } from './store'

function caches(room = 2 ** 20): Caches {
  return { shards: new ByteCache(room), chunks: new ByteCache(room) }
}

async function opened(array: Written, kept = caches()): Promise<{ array: RunArray; store: MemoryStore }> {
  const files: Files = new Map()
  writeArray(files, 'x', array)
  const store = new MemoryStore(files)
  const found = await RunArray.open(store, 'x', kept, () => Infinity)
  if (!found) throw new Error('it is not there')
  return { array: found, store }
}

/** Arrays of up to three axes in chunks of any size, loose or in shards, of which the last rows were never written. */
const arrays = fc
  .array(fc.record({ length: fc.integer({ min: 0, max: 7 }), chunk: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((axes) =>
    fc.record({
      shape: fc.constant(axes.map(({ length }) => length)),
      chunk: fc.constant(axes.map(({ chunk }) => chunk)),
      shard: fc.option(fc.tuple(...axes.map(() => fc.integer({ min: 1, max: 3 }))), { nil: undefined }),
      isGzip: fc.boolean(),
      written: fc.double({ min: 0, max: 1, noNaN: true }),
      rows: fc.tuple(fc.nat(7), fc.nat(7)),
    }),
  )

describe('an array', () => {
  test('is read by rows as it was written, whatever its chunks and shards', async () => {
    await fc.assert(
      fc.asyncProperty(arrays, async ({ shape, chunk, shard, isGzip, written, rows }) => {
        const width = size(shape.slice(1))
        const [all = 0] = shape
        const known = Math.round(written * all)
        const values = Array.from({ length: known * width }, (_, i) => i + 1)
        const whole = [...values, ...new Array<number>((all - known) * width).fill(0)]
        const given: Written = { dtype: 'int16', shape, chunk, values, isGzip, ...(shard ? { shard } : {}) }
        const { array } = await opened(given)
        const start = Math.min(...rows, all)
        const stop = Math.min(Math.max(...rows), all)
        expect(array.width).toBe(width)
        expect([...(await array.rows(start, stop))]).toEqual(whole.slice(start * width, stop * width))
        for (let row = start; row < stop; row++) {
          expect([...(array.rowNow(row) ?? [])]).toEqual(whole.slice(row * width, (row + 1) * width))
        }
      }),
      { numRuns: 150 },
    )
  })

  test.each<[DataType, number[]]>([
    ['int8', [-128, 0, 127]],
    ['uint8', [0, 1, 255]],
    ['bool', [0, 1, 1]],
    ['int16', [-32768, 0, 32767]],
    ['uint16', [0, 1, 65535]],
    ['int32', [-(2 ** 31), 0, 2 ** 31 - 1]],
    ['uint32', [0, 1, 2 ** 32 - 1]],
    ['float32', [-1.5, NaN, Infinity]],
    ['float64', [1 / 3, -Infinity, NaN]],
    ['int64', [-(2 ** 53), 0, 2 ** 53]],
    ['uint64', [0, 1, 2 ** 53]],
  ])('of %s is read to its values, and as missing where it was not written', async (dtype, values) => {
    const { array } = await opened({ dtype, shape: [3, 3], chunk: [2, 3], values })
    const missing = dtype.startsWith('float') ? null : 0
    expect(plain(await array.rows(0, 3))).toEqual([...plain(values), ...new Array<null | 0>(6).fill(missing)])
  })

  test('of half floats is read to its values', async () => {
    const bits = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0xfc00, 0x7e00, 0x8000]
    const { array } = await opened({ dtype: 'float16', shape: [1, 9], chunk: [1, 9], values: bits, fill: 0 })
    expect([...(await array.rows(0, 1))]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      Infinity,
      -Infinity,
      NaN,
      -0,
    ])
  })

  test('of a single value is read', async () => {
    const { array } = await opened({ dtype: 'float32', shape: [], chunk: [], values: [2.5] })
    expect([...(await array.rows(0, 1))]).toEqual([2.5])
  })

  test('that is not there is none', async () => {
    expect(await RunArray.open(new MemoryStore(new Map()), 'x', caches(), () => Infinity)).toBeNull()
  })

  test('has a row at once only while its chunks are kept', async () => {
    const values = Array.from({ length: 40 }, (_, i) => i)
    const { array, store } = await opened(
      { dtype: 'int16', shape: [10, 4], chunk: [1, 4], values },
      caches(20),
    )
    await array.rows(0, 2)
    expect([...(array.rowNow(1) ?? [])]).toEqual([4, 5, 6, 7])
    await array.rows(5, 7) // there is room for two chunks of 8 bytes
    expect(array.rowNow(1)).toBeNull()
    store.asked.length = 0
    expect([...(await array.rows(1, 2))]).toEqual([4, 5, 6, 7])
    expect(store.asked).toEqual(['x/c.1.0'])
  })

  test('reads a shard once for all of its chunks', async () => {
    const values = Array.from({ length: 12 }, (_, i) => i)
    const given: Written = { dtype: 'int16', shape: [6, 2], chunk: [1, 2], shard: [6, 1], values }
    const { array, store } = await opened(given)
    for (let row = 0; row < 6; row++) await array.rows(row, row + 1)
    expect(store.asked).toEqual(['x/zarr.json', 'x/c/0/0'])
  })

  test('lets go of all it read when it is told to', async () => {
    const { array, store } = await opened({ dtype: 'int16', shape: [2, 1], chunk: [2, 1], values: [1, 2] })
    await array.rows(0, 2)
    writeArray(store.files, 'x', { dtype: 'int16', shape: [2, 1], chunk: [2, 1], values: [1, 3] })
    expect([...(await array.rows(0, 2))]).toEqual([1, 2])
    array.forget()
    expect([...(await array.rows(0, 2))]).toEqual([1, 3])
  })

  test('lets go of all it read when its chunks or its type are others', async () => {
    const { array, store } = await opened({
      dtype: 'int16',
      shape: [2, 2],
      chunk: [2, 2],
      values: [1, 2, 3, 4],
    })
    await array.rows(0, 2)
    const other: Written = { dtype: 'float32', shape: [2, 2], chunk: [1, 2], values: [5, 6, 7, 8] }
    writeArray(store.files, 'x', other)
    expect(await array.reopen()).toBe(false)
    expect([...(await array.rows(0, 2))]).toEqual([5, 6, 7, 8])
    writeArray(store.files, 'x', { ...other, shard: [2, 1] })
    expect(await array.reopen()).toBe(true)
  })

  test('keeps what it has when its metadata is gone for a moment', async () => {
    const { array, store } = await opened({ dtype: 'int16', shape: [2, 1], chunk: [1, 1], values: [1, 2] })
    store.files.delete('x/zarr.json')
    expect(await array.reopen()).toBe(false)
    expect([...(await array.rows(0, 2))]).toEqual([1, 2])
  })

  test('fails where its chunk cannot be read, and reads it when it can be again', async () => {
    const { array, store } = await opened({ dtype: 'int16', shape: [1, 1], chunk: [1, 1], values: [7] })
    const good = store.files.get('x/c.0.0') ?? new Uint8Array()
    store.files.set('x/c.0.0', good.slice(0, 8))
    await expect(array.rows(0, 1)).rejects.toThrow('chunk 0.0 of x is no gzip')
    store.files.set('x/c.0.0', good)
    expect([...(await array.rows(0, 1))]).toEqual([7])
  })

  test('of plain bytes has to have as many as its chunk', async () => {
    const { array, store } = await opened({
      dtype: 'int16',
      shape: [1, 2],
      chunk: [1, 2],
      values: [7, 8],
      isGzip: false,
    })
    store.files.set('x/c.0.0', new Uint8Array(3))
    await expect(array.rows(0, 1)).rejects.toThrow('chunk 0.0 of x has 3 bytes, not 4')
  })
})

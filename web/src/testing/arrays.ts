/** Writes Zarr v3 arrays as a run has them, for tests that need other ones than the fixture's. */
import { gzipSync } from 'node:zlib'
import { crc32c } from '../run/crc32c'
import type { DataType } from '../run/metadata'
import { write, type Files } from './fixture'

export interface Written {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly chunk: readonly number[]
  /** In the order of the axes. Where there are fewer than the shape holds, the rest was never written. */
  readonly values: ArrayLike<number>
  /** Chunks a shard along each axis; without it, a chunk is a file. */
  readonly shard?: readonly number[]
  readonly isGzip?: boolean
  readonly fill?: number
  readonly attributes?: unknown
}

const ABSENT = 2n ** 64n - 1n

export function writeArray(files: Files, name: string, array: Written): void {
  const { shape, chunk, shard, isGzip = true } = array
  const codecs = [
    { name: 'bytes', configuration: { endian: 'little' } },
    ...(isGzip ? [{ name: 'gzip' }] : []),
  ]
  const sharding = {
    name: 'sharding_indexed',
    configuration: {
      chunk_shape: chunk,
      codecs,
      index_codecs: [{ name: 'bytes' }, { name: 'crc32c' }],
      index_location: 'end',
    },
  }
  const metadata = {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: array.dtype,
    chunk_grid: {
      name: 'regular',
      configuration: {
        chunk_shape: shard ? chunk.map((length, axis) => length * (shard[axis] ?? 1)) : chunk,
      },
    },
    chunk_key_encoding: { name: 'default', configuration: { separator: shard ? '/' : '.' } },
    fill_value: Number.isNaN(fillOf(array)) ? 'NaN' : fillOf(array),
    codecs: shard ? [sharding] : codecs,
    attributes: array.attributes ?? {},
  }
  write(files, `${name}/zarr.json`, JSON.stringify(metadata))
  const shards = new Map<string, Map<number, Uint8Array>>()
  for (const at of places(shape.map((length, axis) => Math.ceil(length / (chunk[axis] ?? 1))))) {
    const bytes = chunkAt(array, at)
    if (!bytes) continue
    if (!shard) {
      files.set(`${name}/${['c', ...at].join('.')}`, bytes)
      continue
    }
    const path = `${name}/${['c', ...at.map((n, axis) => Math.floor(n / (shard[axis] ?? 1)))].join('/')}`
    const inside = at.reduce((sum, n, axis) => sum * (shard[axis] ?? 1) + (n % (shard[axis] ?? 1)), 0)
    shards.set(path, (shards.get(path) ?? new Map<number, Uint8Array>()).set(inside, bytes))
  }
  const chunks = (shard ?? []).reduce((product, length) => product * length, 1)
  for (const [path, content] of shards) files.set(path, shardOf(chunks, content))
}

function fillOf({ dtype, fill }: Written): number {
  return fill ?? (dtype.startsWith('float') ? NaN : 0)
}

/** Every place in a grid, the last axis the fastest. */
function places(grid: readonly number[]): number[][] {
  return grid.reduce<number[][]>(
    (before, length) => before.flatMap((at) => Array.from({ length }, (_, n) => [...at, n])),
    [[]],
  )
}

/** The bytes of a chunk; null where nothing in it was written. */
function chunkAt(array: Written, at: readonly number[]): Uint8Array<ArrayBuffer> | null {
  const { shape, chunk, values } = array
  const written = places(chunk).map((within) => {
    const place = within.map((n, axis) => n + (at[axis] ?? 0) * (chunk[axis] ?? 1))
    const isInside = place.every((n, axis) => n < (shape[axis] ?? 0))
    const index = place.reduce((sum, n, axis) => sum * (shape[axis] ?? 0) + n, 0)
    return isInside && index < values.length ? (values[index] ?? NaN) : null
  })
  if (written.every((number) => number === null)) return null
  const bytes = bytesOf(
    array.dtype,
    written.map((number) => number ?? fillOf(array)),
  )
  return array.isGzip === false ? bytes : new Uint8Array(gzipSync(bytes))
}

function bytesOf(dtype: DataType, numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return Uint8Array.from(numbers)
    case 'int8':
      return new Uint8Array(Int8Array.from(numbers).buffer)
    case 'int16':
      return new Uint8Array(Int16Array.from(numbers).buffer)
    case 'uint16':
    case 'float16': // given as bits
      return new Uint8Array(Uint16Array.from(numbers).buffer)
    case 'int32':
      return new Uint8Array(Int32Array.from(numbers).buffer)
    case 'uint32':
      return new Uint8Array(Uint32Array.from(numbers).buffer)
    case 'float32':
      return new Uint8Array(Float32Array.from(numbers).buffer)
    case 'float64':
      return new Uint8Array(Float64Array.from(numbers).buffer)
    case 'int64':
      return new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer)
    case 'uint64':
      return new Uint8Array(BigUint64Array.from(numbers, BigInt).buffer)
  }
}

/** A shard with its index at the end. */
export function shardOf(chunks: number, content: ReadonlyMap<number, Uint8Array>): Uint8Array<ArrayBuffer> {
  const at = [...content.values()].reduce((sum, { length }) => sum + length, 0)
  const bytes = new Uint8Array(at + 16 * chunks + 4)
  const view = new DataView(bytes.buffer, at)
  let offset = 0
  for (let i = 0; i < chunks; i++) {
    const chunk = content.get(i)
    view.setBigUint64(16 * i, chunk ? BigInt(offset) : ABSENT, true)
    view.setBigUint64(16 * i + 8, chunk ? BigInt(chunk.length) : ABSENT, true)
    if (!chunk) continue
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  view.setUint32(16 * chunks, crc32c(bytes.subarray(at, at + 16 * chunks)), true)
  return bytes
}

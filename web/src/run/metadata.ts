/** The `zarr.json` of an array (Zarr v3): the part of the specification that runs use, and nothing else. */
import { broken } from './errors'
import { Fields, MOST, size } from './fields'

/** No chunk of a run is larger than this, inflated (bytes). */
export const LARGEST_CHUNK = 64 * 2 ** 20

const ITEM_BYTES = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
} as const
export type DataType = keyof typeof ITEM_BYTES

export interface ArrayMetadata {
  readonly shape: readonly number[]
  readonly dtype: DataType
  readonly itemBytes: number
  /** The shape of the smallest piece that is inflated by itself. */
  readonly chunk: readonly number[]
  readonly chunkBytes: number
  /** How many chunks a shard has along each axis; null where a chunk is a file. */
  readonly shard: readonly number[] | null
  readonly isGzip: boolean
  readonly separator: '.' | '/'
  readonly fill: number
  readonly attributes: unknown
}

/** Check and read the metadata of an array. */
export function readArrayMetadata(content: unknown, place: string): ArrayMetadata {
  const f = new Fields(content, place)
  if (f.whole('zarr_format') !== 3 || f.text('node_type') !== 'array') {
    throw broken(`${place} does not describe a Zarr v3 array`)
  }
  const dtype = f.text('data_type')
  if (!isDataType(dtype)) throw broken(`${place} has values of type '${dtype}'`)
  const grid = f.inner('chunk_grid')
  const shape = f.shape('shape')
  const outer = grid.inner('configuration').shape('chunk_shape')
  if (grid.text('name') !== 'regular' || outer.length !== shape.length || outer.includes(0)) {
    throw broken(`${place} has shape [${shape.join(', ')}] in chunks of [${outer.join(', ')}]`)
  }
  const coding = readCodecs(f, outer, place)
  const itemBytes = ITEM_BYTES[dtype]
  const chunkBytes = size(coding.chunk) * itemBytes
  // A shard is read chunk by chunk, but its index is read whole: 16 bytes a chunk.
  if (chunkBytes > LARGEST_CHUNK || 16 * size(coding.shard ?? []) > LARGEST_CHUNK) {
    throw broken(`${place} has chunks of ${chunkBytes.toLocaleString('en')} bytes`)
  }
  return {
    shape,
    dtype,
    itemBytes,
    ...coding,
    chunkBytes,
    separator: readSeparator(f, place),
    fill: readFill(f),
    attributes: f.has('attributes') ? f.value('attributes') : {},
  }
}

interface Coding {
  readonly chunk: readonly number[]
  readonly shard: readonly number[] | null
  readonly isGzip: boolean
}

function readCodecs(f: Fields, outer: readonly number[], place: string): Coding {
  const codecs = f.items('codecs', (codec) => codec)
  const [first] = codecs
  if (first?.text('name') !== 'sharding_indexed') {
    return { chunk: outer, shard: null, isGzip: isGzip(codecs, place) }
  }
  const sharding = first.inner('configuration')
  const chunk = sharding.shape('chunk_shape')
  const index = sharding.items('index_codecs', (codec) => codec.text('name')).join(' ')
  const location = sharding.text('index_location', 'end')
  if (codecs.length !== 1 || index !== 'bytes crc32c' || location !== 'end') throw foreign(place)
  if (chunk.length !== outer.length || chunk.includes(0)) {
    throw broken(`${place} has shards of [${outer.join(', ')}] in chunks of [${chunk.join(', ')}]`)
  }
  const shard = outer.map((length, axis) => length / (chunk[axis] ?? 1))
  if (!shard.every((count) => Number.isInteger(count))) {
    throw broken(`${place} has shards of [${outer.join(', ')}] in chunks of [${chunk.join(', ')}]`)
  }
  return {
    chunk,
    shard,
    isGzip: isGzip(
      sharding.items('codecs', (codec) => codec),
      place,
    ),
  }
}

/** Whether the chunks are little-endian bytes in gzip; false where they are plain bytes. */
function isGzip(codecs: readonly Fields[], place: string): boolean {
  const [bytes, gzip] = codecs
  if (bytes?.text('name') !== 'bytes' || codecs.length > 2) throw foreign(place)
  if (bytes.has('configuration') && bytes.inner('configuration').text('endian', 'little') !== 'little') {
    throw foreign(place)
  }
  if (gzip && gzip.text('name') !== 'gzip') throw foreign(place)
  return gzip !== undefined
}

function foreign(place: string) {
  return broken(`${place} is coded in a way that no run is`)
}

function readSeparator(f: Fields, place: string): '.' | '/' {
  const encoding = f.inner('chunk_key_encoding')
  const separator = encoding.has('configuration')
    ? encoding.inner('configuration').text('separator', '/')
    : '/'
  if (encoding.text('name') !== 'default' || (separator !== '.' && separator !== '/')) throw foreign(place)
  return separator
}

function readFill(f: Fields): number {
  const value = f.value('fill_value')
  if (value === 'NaN') return NaN
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number' && Math.abs(value) <= MOST) return value
  throw broken('an array is filled with what is no number')
}

function isDataType(name: string): name is DataType {
  return Object.hasOwn(ITEM_BYTES, name)
}

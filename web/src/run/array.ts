/**
 * One Zarr v3 array of a run, read by rows of its first axis.
 *
 * While a run grows, a chunk file may be replaced by one with more rows, and on closing all files are packed into
 * shards. So a kept chunk remembers how many rows were known when it was asked for, and a file that is missing makes
 * the metadata be read again.
 */
import type { ByteCache } from './cache'
import { broken, RunError } from './errors'
import { size } from './fields'
import { inflate } from './gzip'
import { readArrayMetadata, type ArrayMetadata } from './metadata'
import { Shard } from './shard'
import type { Store } from './store'
import { emptyValues, valuesOf, type Values } from './values'

/** A table of a run has fewer chunks than this. */
const MOST_CHUNKS = 50_000

/** No table of a run is read that takes more memory than this (bytes). */
const LARGEST_READ = 512 * 2 ** 20

/** Nor one whose chunks hold so much more than what is read of them; recorded chunks fit what they hold. */
const LARGEST_INFLATED = 4 * LARGEST_READ

/** What was read of an array is kept in these, shared by all arrays of the run. */
export interface Caches {
  /** Shards as they are on disk. */
  readonly shards: ByteCache<Shard>
  /** Inflated chunks. */
  readonly chunks: ByteCache<KeptChunk>
}

export interface KeptChunk {
  /** Null where the chunk was never written. */
  readonly values: Values | null
  /** The rows that were known to be there when it was asked for: later ones may be missing in it. */
  readonly upTo: number
}

export class RunArray {
  private readonly underWay = new Map<string, Promise<unknown>>()

  private constructor(
    private readonly store: Store,
    private readonly name: string,
    private readonly caches: Caches,
    /** How many rows are known to be written by now; Infinity where the array no longer grows. */
    private readonly settled: () => number,
    private metadata: ArrayMetadata,
  ) {}

  /** Open an array; null where the run has none of this name. */
  static async open(
    store: Store,
    name: string,
    caches: Caches,
    settled: () => number,
  ): Promise<RunArray | null> {
    const metadata = await readMetadata(store, name)
    return metadata && new RunArray(store, name, caches, settled, metadata)
  }

  get shape(): readonly number[] {
    return this.metadata.shape
  }

  get attributes(): unknown {
    return this.metadata.attributes
  }

  /** How many values a row has. */
  get width(): number {
    return size(this.metadata.shape.slice(1))
  }

  /** Read the metadata again: the array may have grown, or been packed. Returns whether its files moved. */
  async reopen(): Promise<boolean> {
    const metadata = await readMetadata(this.store, this.name)
    if (!metadata) return false
    const moved = (metadata.shard === null) !== (this.metadata.shard === null)
    if (metadata.chunk.join() !== this.metadata.chunk.join() || metadata.dtype !== this.metadata.dtype)
      this.forget()
    this.metadata = metadata
    return moved
  }

  /** Let go of everything read: values in it may have been replaced. */
  forget(): void {
    this.caches.chunks.deleteAll(`${this.name}:`)
    this.caches.shards.deleteAll(`${this.name}:`)
  }

  /** The values of rows `start` to `stop`, laid end to end. Rows that were never written read as missing. */
  async rows(start: number, stop: number): Promise<Values> {
    const bytes = this.width * (stop - start) * this.metadata.itemBytes
    if (bytes > LARGEST_READ) throw tooLarge(this.name, bytes)
    const grid = this.gridOf(start, stop)
    const inflated = grid.length * this.metadata.chunkBytes
    if (inflated > LARGEST_INFLATED) throw tooLarge(this.name, inflated)
    const pieces = await Promise.all(grid.map(async (at) => [at, await this.chunk(at, stop)] as const))
    return this.assemble(start, stop, pieces)
  }

  /** The same for one row, at once, if it is kept; else null. */
  rowNow(row: number): Values | null {
    const pieces: [number[], Values | null][] = []
    for (const at of this.gridOf(row, row + 1)) {
      const kept = this.caches.chunks.get(this.key(at))
      if (!kept || kept.upTo <= row) return null
      pieces.push([at, kept.values])
    }
    return this.assemble(row, row + 1, pieces)
  }

  /** The chunks that hold these rows, by their place in the grid. */
  private gridOf(start: number, stop: number): number[][] {
    const { shape, chunk } = this.metadata
    const [rowsAChunk = 1] = chunk
    let grid: number[][] = []
    if (shape.length === 0) return [[]] // a single value
    if ((stop - start) / rowsAChunk > MOST_CHUNKS) throw broken(`${this.name} has more chunks than any run`)
    for (let i = Math.floor(start / rowsAChunk); i * rowsAChunk < stop; i++) grid.push([i])
    for (let axis = 1; axis < shape.length; axis++) {
      const count = Math.ceil((shape[axis] ?? 0) / (chunk[axis] ?? 1))
      if (grid.length * count > MOST_CHUNKS) throw broken(`${this.name} has more chunks than any run`)
      grid = grid.flatMap((at) => Array.from({ length: count }, (_, i) => [...at, i]))
    }
    return grid
  }

  private assemble(
    start: number,
    stop: number,
    pieces: readonly (readonly [number[], Values | null])[],
  ): Values {
    const { chunk, shape, dtype, fill } = this.metadata
    const [first] = pieces
    const isWholeRows = chunk.every((length, axis) => axis === 0 || length === shape[axis])
    if (pieces.length === 1 && first?.[1] && isWholeRows) {
      const offset = (first[0][0] ?? 0) * (chunk[0] ?? 1)
      return first[1].subarray((start - offset) * this.width, (stop - offset) * this.width) // no copy
    }
    const values = emptyValues(dtype, this.width * (stop - start), fill)
    const box = [stop - start, ...shape.slice(1)]
    for (const [at, piece] of pieces) {
      if (piece)
        copyBlock(
          piece,
          chunk,
          values,
          box,
          at.map((n, i) => n * (chunk[i] ?? 1) - (i ? 0 : start)),
        )
    }
    return values
  }

  private async chunk(at: readonly number[], needed: number): Promise<Values | null> {
    const key = this.key(at)
    const rows = Math.min(needed, ((at[0] ?? 0) + 1) * (this.metadata.chunk[0] ?? 1))
    const kept = this.caches.chunks.get(key)
    if (kept && kept.upTo >= rows) return kept.values
    const load = () => this.load(at)
    const loaded = await this.once(key, load)
    // A load that was under way may have been asked for before these rows were written.
    return loaded.upTo >= rows ? loaded.values : (await this.once(key, load)).values
  }

  private async load(at: readonly number[]): Promise<KeptChunk> {
    const upTo = this.settled()
    let bytes = await this.compressed(at)
    // Somebody may have packed the run since its metadata was read: then the file is gone, and a shard is there.
    if (bytes === null && !this.metadata.shard && (await this.reopen())) bytes = await this.compressed(at)
    const values = bytes && valuesOf(this.metadata.dtype, await this.inflated(bytes, at))
    const kept = { values, upTo }
    this.caches.chunks.set(this.key(at), kept, values?.byteLength ?? 64)
    return kept
  }

  private async inflated(
    bytes: Uint8Array<ArrayBuffer>,
    at: readonly number[],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { isGzip, chunkBytes } = this.metadata
    const place = `chunk ${at.join('.')} of ${this.name}`
    if (isGzip) return inflate(bytes, chunkBytes, place)
    if (bytes.length !== chunkBytes) throw broken(`${place} has ${bytes.length} bytes, not ${chunkBytes}`)
    return bytes.slice()
  }

  private async compressed(at: readonly number[]): Promise<Uint8Array<ArrayBuffer> | null> {
    const { shard, separator } = this.metadata
    if (!shard) return this.store.read(`${this.name}/${['c', ...at].join(separator)}`)
    const inShard = at.map((n, axis) => n % (shard[axis] ?? 1))
    const number = inShard.reduce((sum, n, axis) => sum * (shard[axis] ?? 1) + n, 0)
    const of = at.map((n, axis) => Math.floor(n / (shard[axis] ?? 1)))
    const file = await this.shard(`${this.name}/${['c', ...of].join(separator)}`, size(shard))
    return file && file.chunk(number)
  }

  private shard(path: string, chunks: number): Promise<Shard | null> {
    const key = `${this.name}:${path}`
    const kept = this.caches.shards.get(key)
    if (kept) return Promise.resolve(kept)
    return this.once(key, async () => {
      const bytes = await this.store.read(path)
      if (!bytes) return null
      const shard = new Shard(bytes, chunks, path)
      this.caches.shards.set(key, shard, bytes.length)
      return shard
    })
  }

  /** Do what two callers want at the same time only once. */
  private once<T>(key: string, deed: () => Promise<T>): Promise<T> {
    const running = this.underWay.get(key)
    if (running) return running as Promise<T>
    const promise = deed().finally(() => this.underWay.delete(key))
    this.underWay.set(key, promise)
    return promise
  }

  private key(at: readonly number[]): string {
    return `${this.name}:${at.join('.')}`
  }
}

function tooLarge(name: string, bytes: number): RunError {
  return new RunError(
    `${name} would take ${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB of this browser's memory`,
    'record fewer tensors (only=, roles=) or fewer frames (every=), or read it in Python: onionskin.open_run',
  )
}

async function readMetadata(store: Store, name: string): Promise<ArrayMetadata | null> {
  const content = await readJson(store, `${name}/zarr.json`)
  return content === null ? null : readArrayMetadata(content, `${name}/zarr.json`)
}

/** A JSON file of a run; null where there is none. */
export async function readJson(store: Store, path: string): Promise<unknown> {
  const bytes = await store.read(path)
  if (!bytes) return null
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown
  } catch {
    throw broken(`${path} is no JSON`)
  }
}

/** Copy the part of a chunk that falls into a box; the box's corner (0, 0, …) lies at `corner` seen from the chunk. */
function copyBlock(
  from: Values,
  fromShape: readonly number[],
  into: Values,
  intoShape: readonly number[],
  corner: readonly number[],
): void {
  const last = fromShape.length - 1
  const visit = (axis: number, fromOffset: number, intoOffset: number): void => {
    const length = fromShape[axis] ?? 0
    const room = intoShape[axis] ?? 0
    const at = corner[axis] ?? 0
    const begin = Math.max(0, -at)
    const end = Math.min(length, room - at)
    if (axis === last) {
      if (end > begin)
        into.set(
          from.subarray(fromOffset * length + begin, fromOffset * length + end),
          intoOffset * room + at + begin,
        )
      return
    }
    for (let i = begin; i < end; i++) visit(axis + 1, fromOffset * length + i, intoOffset * room + at + i)
  }
  if (last < 0) into.set(from, 0)
  else visit(0, 0, 0)
}

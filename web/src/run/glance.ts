/** What a library says of each run: read from a few small files, without the tables of its frames. */
import { RunArray, type Caches } from './array'
import { readAttributes } from './attributes'
import { ByteCache } from './cache'
import { readManifest, STATISTICS, type Manifest } from './manifest'
import { readStatus, type Status } from './status'
import type { Store } from './store'
import { ScalarTable } from './tables'

export interface Glance {
  readonly manifest: Manifest
  readonly status: Status
  readonly frames: number
  readonly lastStep: number
  /** The scalars of every step, read when they are asked for. */
  readonly scalars: () => Promise<ScalarTable>
}

export async function glance(store: Store): Promise<Glance> {
  const caches = noCaches()
  const [manifest, status, frames, scalars] = await Promise.all([
    readAttributes(store, '', 'onionskin'),
    readAttributes(store, 'status', 'status'),
    RunArray.open(store, 'frames', caches, () => Infinity),
    RunArray.open(store, 'scalars', caches, () => Infinity),
  ])
  return {
    manifest: readManifest(manifest),
    status: readStatus(status),
    frames: frames?.shape[0] ?? 0,
    lastStep: Math.max(0, (scalars?.shape[0] ?? 1) - 1),
    scalars: async () => {
      const table = new ScalarTable()
      if (scalars) await table.grow(scalars, 0)
      return table
    },
  }
}

/** The codes of every weight in one frame, and what one code of each is worth; null where the run has none. */
export async function weightsAt(
  store: Store,
  frame: number,
): Promise<{ codes: Int16Array; scaleOf: (tensor: number) => number } | null> {
  const caches = noCaches()
  const open = (name: string) => RunArray.open(store, name, caches, () => Infinity)
  const [pictures, statistics] = await Promise.all([open('pictures/weight'), open('statistics')])
  const has = (array: RunArray | null): array is RunArray => array !== null && frame < (array.shape[0] ?? 0)
  if (frame < 0 || !has(pictures) || !has(statistics)) return null
  const [codes, row] = await Promise.all([pictures.rows(frame, frame + 1), statistics.rows(frame, frame + 1)])
  const [, tensors = 1] = statistics.shape
  const columns = row.length / Math.max(1, tensors)
  return codes instanceof Int16Array
    ? { codes, scaleOf: (tensor) => row[tensor * columns + SCALE] ?? NaN }
    : null
}

const SCALE = STATISTICS.indexOf('scale')

function noCaches(): Caches {
  return { shards: new ByteCache<never>(0), chunks: new ByteCache<never>(0) }
}

/** What a list of runs says of each: read from three small files, without the tables of the run. */
import { RunArray } from './array'
import { readAttributes } from './attributes'
import { ByteCache } from './cache'
import { readManifest, type Manifest } from './manifest'
import { readStatus, type Status } from './status'
import type { Store } from './store'

export interface Glance {
  readonly manifest: Manifest
  readonly status: Status
  readonly frames: number
  readonly lastStep: number
}

export async function glance(store: Store): Promise<Glance> {
  const caches = { shards: new ByteCache<never>(0), chunks: new ByteCache<never>(0) }
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
  }
}

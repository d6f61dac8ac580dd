/** A run folder on this machine's disk, for the tests. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from './store'

export class FolderStore implements Store {
  constructor(readonly location: string) {}

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return new Uint8Array(await readFile(join(this.location, path)))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
  }
}

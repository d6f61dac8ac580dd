/** The committed run with a peel (`fixtures/README.md`): what the peel adds to the packed fixture, and what must be read. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Run } from '../run/run'
import { MemoryStore } from '../run/store'
import { filesOf, type Files } from './fixture'

export interface ExpectedPeel {
  readonly level: string
  readonly steps: readonly (readonly string[])[]
  readonly programs: readonly (readonly [
    level: string,
    source: string,
    lines: readonly (readonly [number, number])[],
  ])[]
  readonly arrays: readonly (readonly [
    step: number,
    path: string,
    shape: readonly number[],
    strides: readonly number[],
    offset: number,
    size: number,
  ])[]
  /** Of each frame, every 97th value. */
  readonly values: readonly (readonly number[])[]
}

const FOLDER = fileURLToPath(new URL('../../../fixtures/peel', import.meta.url))

export const EXPECTED_PEEL = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as ExpectedPeel

/** The files of a run with a peel, in memory. */
export function peelFiles(): Files {
  const files = filesOf('packed')
  const folder = join(FOLDER, 'run')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(relative(folder, path).split(sep).join('/'), new Uint8Array(readFileSync(path)))
  }
  return files
}

export function openPeel(change: (files: Files) => void = () => undefined): Promise<Run> {
  const files = peelFiles()
  change(files)
  return Run.open(new MemoryStore(files))
}

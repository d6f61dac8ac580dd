/** The committed run of a model with two inputs (`fixtures/README.md`), as the tests open it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FolderStore } from '../run/folder'
import { Run } from '../run/run'

const FOLDER = fileURLToPath(new URL('../../../fixtures/space', import.meta.url))

/** What every reader must find in it; of each map every 97th value. */
export interface ExpectedSpace {
  readonly low: readonly number[]
  readonly high: readonly number[]
  readonly side: number
  readonly layers: readonly (readonly [node: string, isOutput: boolean, units: number, chosen: number[]])[]
  readonly maps: Readonly<Record<string, readonly (readonly (readonly number[])[] | null)[]>>
}

export const EXPECTED_SPACE = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as ExpectedSpace

export function openSpace(): Promise<Run> {
  return Run.open(new FolderStore(join(FOLDER, 'run')))
}

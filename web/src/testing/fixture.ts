/** The committed fixture of format 1 (`fixtures/README.md`), as the tests open it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FolderStore } from '../run/folder'
import { Run } from '../run/run'
import { MemoryStore } from '../run/store'

/** As a kill leaves it, and packed. */
export const STATES = ['growing', 'packed'] as const
export type State = (typeof STATES)[number]

/** A number as `expected.json` has it: NaN is null, infinities are texts. */
export type Plain = number | null | 'inf' | '-inf'

/** What every reader must find in either state. */
export interface Expected {
  readonly frames: readonly (readonly [step: number, time: number, cost: number])[]
  readonly scalars: Readonly<Record<string, readonly Plain[]>>
  readonly statistics: readonly (readonly (readonly Plain[])[])[]
  /** The first 40 values of each picture by the key of its tensor; null where a frame has none. */
  readonly pictures: Readonly<Record<string, readonly (readonly Plain[] | null)[]>>
  readonly kept: Readonly<Record<string, readonly number[]>>
  readonly inputs: readonly (readonly Plain[])[]
  readonly outputs: readonly (readonly (readonly Plain[])[])[]
  readonly embedding: readonly (readonly Plain[])[]
  readonly exact: readonly Readonly<Record<string, readonly Plain[]>>[]
}

const FORMAT1 = fileURLToPath(new URL('../../../fixtures/format1', import.meta.url))

export const EXPECTED = JSON.parse(readFileSync(join(FORMAT1, 'expected.json'), 'utf8')) as Expected
export const FRAMES = EXPECTED.frames.length

export function folderOf(state: State): string {
  return join(FORMAT1, state)
}

export function openFixture(state: State): Promise<Run> {
  return Run.open(new FolderStore(folderOf(state)))
}

export type Files = Map<string, Uint8Array<ArrayBuffer>>

/** The files of the fixture by their path, to be changed at will. */
export function filesOf(state: State): Files {
  const folder = folderOf(state)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name)
      return [relative(folder, path).split(sep).join('/'), new Uint8Array(readFileSync(path))]
    }),
  )
}

/** The fixture in memory after something was done to its files. */
export function memoryOf(state: State, change: (files: Files) => void = () => undefined): MemoryStore {
  const files = filesOf(state)
  change(files)
  return new MemoryStore(files)
}

/** Change a JSON file in place. */
export function edit(files: Files, path: string, change: (content: Json) => void): void {
  const content = JSON.parse(textOf(files, path)) as Json
  change(content)
  write(files, path, JSON.stringify(content))
}

export function write(files: Files, path: string, text: string): void {
  files.set(path, new TextEncoder().encode(text))
}

export function textOf(files: Files, path: string): string {
  return new TextDecoder().decode(bytesOf(files, path))
}

export function bytesOf(files: Files, path: string): Uint8Array<ArrayBuffer> {
  const bytes = files.get(path)
  if (!bytes) throw new Error(`the fixture has no ${path}`)
  return bytes
}

/** JSON that is about to be changed. */
export interface Json {
  [key: string]: unknown
}

/** What lies at a path such as `attributes.onionskin.tensors.0` in a JSON object. */
export function at(content: Json, path: string): Json {
  return path.split('.').reduce((inner, name) => inner[name] as Json, content)
}

export function plain(values: Iterable<number>): Plain[] {
  return Array.from(values, (value) =>
    Number.isNaN(value) ? null : Number.isFinite(value) ? value : value > 0 ? 'inf' : '-inf',
  )
}

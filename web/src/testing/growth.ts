/** The fixture as it was while it grew: what stood in the folder when it had so many frames. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { at, bytesOf, edit, filesOf, textOf, type Files, type Json } from './fixture'

interface Grid {
  readonly shape: readonly number[]
  readonly chunk: readonly number[]
  readonly isFloat: boolean
  readonly itemBytes: number
}

/** What grows by frames, and what by steps; the inputs of the probes are there from the start. */
const ARRAYS = [...arraysOf(filesOf('growing'))].filter((name) => !name.startsWith('probes/input'))
const STEPS_A_FRAME = 3

function* arraysOf(files: Files): Generator<string> {
  for (const path of files.keys()) {
    if (path.endsWith('/zarr.json') && textOf(files, path).includes('"array"')) yield path.slice(0, -10)
  }
}

/**
 * The folder with `frames` frames. The recorder writes the values of a frame before the row of `frames` that reveals
 * it: `written` is how many frames the other arrays have.
 */
export function grown(frames: number, written = frames): Files {
  const files = filesOf('growing')
  for (const name of ARRAYS) {
    const steps = STEPS_A_FRAME * (frames - 1) + 1
    const rows = name === 'frames' ? frames : name === 'scalars' ? steps : written
    keepRows(files, name, rows)
    if (name === 'frames' || name === 'scalars') {
      edit(files, `${name}/zarr.json`, (content) => {
        content['shape'] = [rows, ...gridOf(files, name).shape.slice(1)]
      })
    }
  }
  return files
}

/** Make the files of a store those of a later moment. */
export function turnInto(files: Files, later: Files): void {
  files.clear()
  for (const [path, bytes] of later) files.set(path, bytes)
}

function gridOf(files: Files, name: string): Grid {
  const content = JSON.parse(textOf(files, `${name}/zarr.json`)) as Json
  const dtype = content['data_type'] as string
  return {
    shape: content['shape'] as number[],
    chunk: at(content, 'chunk_grid.configuration')['chunk_shape'] as number[],
    isFloat: dtype.startsWith('float'),
    itemBytes: Number(dtype.replace(/\D/g, '')) / 8,
  }
}

/** Let rows from `rows` on be missing: of chunks that begin later the file, of others what stands in them. */
function keepRows(files: Files, name: string, rows: number): void {
  const { chunk, isFloat, itemBytes } = gridOf(files, name)
  const [chunkRows = 1] = chunk
  for (const path of [...files.keys()].filter((file) => file.startsWith(`${name}/c.`))) {
    const [, index = '0'] = path.slice(name.length).split('.')
    const known = rows - Number(index) * chunkRows
    if (known <= 0) files.delete(path)
    if (known <= 0 || known >= chunkRows) continue
    const bytes = new Uint8Array(gunzipSync(bytesOf(files, path)))
    const missing = bytes.subarray((known * bytes.length) / chunkRows)
    missing.fill(0)
    // NaN, little-endian: ones in the exponent and the first bit of the fraction.
    if (isFloat)
      for (let end = itemBytes; end <= missing.length; end += itemBytes) missing.set([0xf8, 0x7f], end - 2)
    files.set(path, new Uint8Array(gzipSync(bytes)))
  }
}

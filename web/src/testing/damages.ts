/** What a stranger, a full disk or a broken cable may do to the files of a run. */
import { gzipSync } from 'node:zlib'
import { crc32c } from '../run/crc32c'
import { at, bytesOf, edit, textOf, write, type Files, type Json } from './fixture'

/** Something done to the files of a run. */
export type Damage = (files: Files) => void

export function json(path: string, inside: string, change: (content: Json) => void): Damage {
  return (files) => {
    edit(files, path, (content) => {
      change(inside ? at(content, inside) : content)
    })
  }
}

export function manifest(inside: string, values: Json): Damage {
  const place = ['attributes', 'onionskin', ...(inside ? [inside] : [])].join('.')
  return json('zarr.json', place, (content) => Object.assign(content, values))
}

export function status(inside: string, values: Json): Damage {
  const place = ['attributes', 'status', ...(inside ? [inside] : [])].join('.')
  return json('status/zarr.json', place, (content) => Object.assign(content, values))
}

export function array(name: string, values: Json, inside = ''): Damage {
  return json(`${name}/zarr.json`, inside, (content) => Object.assign(content, values))
}

export function without(path: string, inside: string, name: string): Damage {
  return json(path, inside, (content) => {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a field that is missing is what is tested
    delete content[name]
  })
}

export function text(path: string, change: (before: string) => string): Damage {
  return (files) => {
    write(files, path, change(textOf(files, path)))
  }
}

/** More of something in a list of the manifest. */
export function more(owner: string, list: string, ...items: unknown[]): Damage {
  return json('zarr.json', `attributes.onionskin.${owner}`, (content) => {
    content[list] = [...(content[list] as unknown[]), ...items]
  })
}

/** The first half of a file. */
export function cut(path: string): Damage {
  return (files) => {
    const bytes = bytesOf(files, path)
    files.set(path, bytes.slice(0, bytes.length >> 1))
  }
}

/** A shard in which every chunk is the same few bytes. */
export function shardOf(path: string, chunks: number, content: Uint8Array): Damage {
  return (files) => {
    const bytes = new Uint8Array(content.length + 16 * chunks + 4)
    const view = new DataView(bytes.buffer, content.length)
    for (let i = 0; i < chunks; i++) {
      view.setBigUint64(16 * i, 0n, true)
      view.setBigUint64(16 * i + 8, BigInt(content.length), true)
    }
    view.setUint32(16 * chunks, crc32c(bytes.subarray(content.length, content.length + 16 * chunks)), true)
    bytes.set(content)
    files.set(path, bytes)
  }
}

export function both(...damages: Damage[]): Damage {
  return (files) => {
    for (const damage of damages) damage(files)
  }
}

/** A table of frames in one chunk, with these steps. */
export function frames(steps: readonly number[]): Damage {
  return (files) => {
    const table = Float64Array.from({ length: 60 }, (_, i) => (i % 3 ? 0 : (steps[i / 3] ?? i)))
    const chunks = shardOf('frames/c/0/0', 1, gzipSync(new Uint8Array(table.buffer)))
    both(array('frames', { chunk_shape: [20, 3] }, 'codecs.0.configuration'), chunks)(files)
  }
}

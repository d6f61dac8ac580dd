import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { filesOf } from '../testing/fixture'
import { EmbeddedStore } from './embedded'
import { Run } from './run'
import { MemoryStore } from './store'

function embedded(files: ReadonlyMap<string, Uint8Array>): EmbeddedStore {
  return new EmbeddedStore(
    new Map([...files].map(([path, bytes]) => [path, () => Buffer.from(bytes).toString('base64')])),
  )
}

describe('a run in the page', () => {
  test('reads as the same run elsewhere', async () => {
    const files = filesOf('packed')
    const [here, there] = await Promise.all([Run.open(embedded(files)), Run.open(new MemoryStore(files))])
    for (const frame of [0, 7, there.frames.count - 1]) {
      expect(await here.frame(frame, ['weight', 'activation'])).toEqual(
        await there.frame(frame, ['weight', 'activation']),
      )
    }
  })

  test('has every byte as it was', async () => {
    const bytes = new Uint8Array(await readFile(new URL('embedded.ts', import.meta.url)))
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const store = embedded(new Map([['a', bytes], ['b/c', all], ['empty', new Uint8Array()]])) // prettier-ignore
    expect(await store.read('a')).toEqual(bytes)
    expect(await store.read('b/c')).toEqual(all)
    expect(await store.read('empty')).toEqual(new Uint8Array())
    expect(await store.read('d')).toBeNull()
  })

  test('that was damaged says so', async () => {
    const store = new EmbeddedStore(new Map([['zarr.json', () => 'no base64!']]))
    await expect(store.read('zarr.json')).rejects.toThrow(/cannot be trusted: zarr\.json is no base64/)
  })
})

import { afterEach, describe, expect, test } from 'vitest'
import { serve, type Handler, type Server } from '../testing/server'
import { RunError } from './errors'
import { folderOf } from '../testing/fixture'
import { FolderStore } from './folder'
import { HttpStore, LARGEST_FILE, MemoryStore } from './store'

let server: Server | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

async function storeOf(handler: Handler): Promise<HttpStore> {
  server = await serve(handler)
  return new HttpStore(`${server.address}/runs/0`)
}

async function refusal(store: HttpStore): Promise<RunError> {
  const thrown = await store.read('frames/c.0.0').then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof RunError)) throw new Error(`not refused by a RunError but by ${String(thrown)}`)
  return thrown
}

describe('a run on a server', () => {
  test('is read file by file, below its address', async () => {
    const asked: (string | undefined)[] = []
    const store = await storeOf((request, response) => {
      asked.push(request.url)
      response.end(Uint8Array.of(1, 2, 250))
    })
    expect(await store.read('pictures/weight/c.3.0')).toEqual(Uint8Array.of(1, 2, 250))
    expect(asked).toEqual(['/runs/0/pictures/weight/c.3.0'])
  })

  test.each([404, 410])('has no file where the server answers %i', async (status) => {
    const store = await storeOf((_, response) => response.writeHead(status).end('there is no such file'))
    expect(await store.read('frames/zarr.json')).toBeNull()
  })

  test.each([401, 403, 500, 503])('is not read where the server answers %i', async (status) => {
    const store = await storeOf((_, response) => response.writeHead(status, 'For A Reason').end())
    const { what, fix } = await refusal(store)
    expect(what).toContain(`frames/c.0.0 cannot be read: the server answered ${status} For A Reason`)
    expect(fix).toContain('reload the page')
  })

  test('asks the server each time, so that a file that was replaced is never stale', async () => {
    let content = 'old'
    const asked: (string | undefined)[] = []
    const store = await storeOf((request, response) => {
      asked.push(request.headers['cache-control'])
      response.setHeader('Cache-Control', 'max-age=3600').end(content)
    })
    await store.read('x')
    content = 'new'
    expect(new TextDecoder().decode((await store.read('x')) ?? undefined)).toBe('new')
    expect(asked).toEqual(['max-age=0', 'max-age=0'])
  })

  test('refuses a file larger than any of a run, before it is loaded', async () => {
    let sent = 0
    const store = await storeOf((_, response) => {
      response.writeHead(200, { 'Content-Length': LARGEST_FILE + 1 })
      response.write(new Uint8Array(1024), () => sent++)
    })
    const { what, fix } = await refusal(store)
    expect(what).toContain('83,886,081 bytes')
    expect(fix).toContain('onionskin pack')
    expect(sent).toBeLessThanOrEqual(1)
  })

  test('stops a server that says no length and never ends', async () => {
    const megabytes = new Uint8Array(4 * 2 ** 20)
    let sent = 0
    const store = await storeOf((_, response) => {
      const more = () => {
        sent += megabytes.length
        response.write(megabytes, (error) => (error ? undefined : more()))
      }
      more()
    })
    expect((await refusal(store)).what).toMatch(/^frames.c.0.0 has [\d,]+ bytes or more/)
    expect(sent).toBeLessThan(2 * LARGEST_FILE)
  })

  test('takes a file without a length', async () => {
    const store = await storeOf((_, response) => {
      response.write(Uint8Array.of(1))
      response.end(Uint8Array.of(2))
    })
    expect(await store.read('x')).toEqual(Uint8Array.of(1, 2))
  })

  test('says so when no server answers', async () => {
    const store = await storeOf((_, response) => response.end())
    await server?.close()
    const { what, fix } = await refusal(store)
    expect(what).toContain(`the server of ${store.location} does not answer`)
    expect(fix).toContain('onionskin view')
  })

  test('says so when the server is killed in the middle of a file', async () => {
    const store = await storeOf((_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 })
      response.write(new Uint8Array(10), () => setTimeout(() => response.destroy(), 20))
    })
    expect((await refusal(store)).what).toContain('does not answer')
  })
})

test('a run on the disk has the files that it has', async () => {
  const store = new FolderStore(folderOf('growing'))
  expect(new TextDecoder().decode((await store.read('frames/zarr.json')) ?? undefined)).toContain(
    '"shape":[20,3]',
  )
  expect(await store.read('frames/c.9.9')).toBeNull()
  await expect(store.read('frames')).rejects.toThrow('EISDIR')
})

test('a run in memory has the files that it has, and knows what was asked for', async () => {
  const store = new MemoryStore(new Map([['a', Uint8Array.of(1)]]))
  expect([await store.read('a'), await store.read('b')]).toEqual([Uint8Array.of(1), null])
  expect(store.asked).toEqual(['a', 'b'])
})

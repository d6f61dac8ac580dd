import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { RunError } from '../run/errors'
import { serve, type Handler, type Server } from '../testing/server'
import { formatAddress, parseAddress, START } from './address'
import { readLibrary, renewed, withUniqueNames } from './library'

let server: Server | undefined

afterEach(async () => {
  vi.unstubAllGlobals()
  await server?.close()
  server = undefined
})

/** Stand on a page of this server: there, addresses without a host are its own. */
async function standOn(handler: Handler): Promise<void> {
  server = await serve(handler)
  const { address } = server
  const { fetch } = globalThis
  vi.stubGlobal('fetch', (path: string, options?: RequestInit) =>
    fetch(new URL(path, `${address}/`), options),
  )
}

async function refusal(): Promise<RunError> {
  const thrown = await readLibrary().then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof RunError)) throw new Error(`not refused by a RunError but by ${String(thrown)}`)
  expect(thrown.fix).not.toBe('')
  return thrown
}

function says(content: unknown): Handler {
  return (_, response) => response.end(typeof content === 'string' ? content : JSON.stringify(content))
}

describe('the list of runs', () => {
  test('is what the server says', async () => {
    const runs = [
      { path: 'runs/0', name: 'bears' },
      { path: 'runs/1', name: 'mnist' },
    ]
    await standOn((request, response) =>
      response.end(request.url === '/runs.json' ? JSON.stringify({ runs }) : ''),
    )
    expect(await readLibrary()).toEqual({ runs, hasLab: false })
  })

  test('has names that stand in a link, even of a folder whose name is no proper text', async () => {
    await standOn(says('{"runs": [{"path": "runs/0", "name": "caf\\udce9"}]}'))
    const {
      runs: [run],
    } = await readLibrary()
    const address = { ...START, run: run?.name ?? '' }
    expect(parseAddress(formatAddress(address))).toEqual(address)
  })

  test('may be empty', async () => {
    await standOn(says({ runs: [] }))
    expect(await readLibrary()).toEqual({ runs: [], hasLab: false })
  })

  test.each([
    'http://elsewhere/run',
    '//elsewhere/run',
    '/etc',
    '../secret',
    'runs/../../secret',
    'runs/./0',
    'runs//0',
    'runs/0/',
    'runs/0?x',
    'runs/0#x',
    'javascript:alert(1)',
    'data:text/html,x',
    'runs\\0',
    'runs/%2e%2e/x',
    'runs/.hidden',
    'runs/0\n',
    '',
    ' runs/0',
  ])('with a run at "%s" is refused', async (path) => {
    await standOn(
      says({
        runs: [
          { path: 'runs/0', name: 'a' },
          { path, name: 'b' },
        ],
      }),
    )
    expect((await refusal()).what).toContain('runs.json names a run at')
  })

  test.each([
    ['no JSON', '<!doctype html>', /runs\.json is no JSON/],
    ['a list', [1], /runs\.json is \[1\], not an object/],
    ['a run without a name', { runs: [{ path: 'runs/0' }] }, /runs\.json\.runs\[0\]\.name is missing/],
    ['a run that is a text', { runs: ['runs/0'] }, /runs\.json\.runs\[0\] is "runs\/0"/],
  ])('that is %s is refused', async (_, content, what) => {
    await standOn(says(content))
    expect((await refusal()).what).toMatch(what)
  })

  test('that the server does not have is said to be missing', async () => {
    await standOn((_, response) => response.writeHead(404).end())
    expect(await refusal()).toMatchObject({ what: 'there are no runs here: runs.json answered 404' })
  })

  test('of a server that is gone is said to be missing', async () => {
    await standOn(says({ runs: [] }))
    await server?.close()
    const { what, fix } = await refusal()
    expect(what).toContain('does not answer')
    expect(fix).toContain('onionskin view')
  })
})

describe('the names of runs', () => {
  const named = (names: readonly string[]) =>
    withUniqueNames(names.map((name, i) => ({ path: `runs/${i}`, name })))

  test('that are one are told apart by a number', () => {
    expect(named(['a', 'b', 'a', 'a']).map(({ name }) => name)).toEqual(['a', 'b', 'a (2)', 'a (3)'])
  })

  test('stand once each, whatever they were, and the first of a name keeps it', () => {
    const name = fc.constantFrom('a', 'a (2)', 'a (3)', 'a (2) (2)', 'b')
    fc.assert(
      fc.property(fc.array(name, { maxLength: 9 }), (names) => {
        const shown = named(names)
        expect(new Set(shown.map((run) => run.name)).size).toBe(names.length)
        expect(shown.map(({ path }) => path)).toEqual(names.map((_, i) => `runs/${i}`))
        if (names[0] !== undefined) expect(shown[0]?.name).toBe(names[0])
      }),
    )
  })
})

describe('a list that is read again', () => {
  const run = (name: string, changed: number) => ({ path: `runs/${name}`, name, changed })

  test('keeps its order, puts new runs first and lets go of those that are gone', () => {
    const before = [run('a', 1), run('b', 1), run('c', 1)]
    const now = renewed(before, [run('c', 9), run('d', 8), run('a', 1)])
    expect(now).toEqual([run('d', 8), run('a', 1), run('c', 9)])
    expect(now[1]).toBe(before[0]) // what did not change is the same thing: nothing is drawn anew
  })
})

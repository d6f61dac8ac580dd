import { EventSource } from 'eventsource'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Run } from '../run/run'
import { shown } from '../testing/clocks'
import { serveEvents, type EventServer } from '../testing/events'
import { edit, EXPECTED, filesOf, FRAMES, type Files, type Json } from '../testing/fixture'
import { grown, turnInto } from '../testing/growth'
import { START, type Address } from './address'
import { pixelOf, Session } from './session.svelte'

const open: (() => unknown)[] = []

beforeEach(() => {
  vi.stubGlobal('EventSource', EventSource)
})

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  vi.unstubAllGlobals()
})

/** A run on a real server, and a session that looks at it. */
async function looking(
  files: Files,
  address: Partial<Address> = {},
): Promise<{ session: Session; server: EventServer; files: Files }> {
  const server = await serveEvents((request, response) => {
    const bytes = files.get(request.url?.slice('/runs/0/'.length) ?? '')
    if (bytes) response.end(bytes)
    else response.writeHead(404).end()
  })
  open.push(() => server.close())
  const session = await Session.open(
    { path: `${server.address}/runs/0`, name: 'small' },
    { ...START, ...address },
  )
  open.push(() => {
    session.close()
  })
  return { session, server, files }
}

/** A run that somebody still writes. */
function living(frames: number): Files {
  const files = grown(frames)
  edit(files, 'status/zarr.json', (content) => {
    const status = (content['attributes'] as Json)['status'] as Json
    status['updated'] = Date.now() / 1000
  })
  return files
}

async function until(deed: () => void): Promise<void> {
  await vi.waitFor(deed, { timeout: 4000, interval: 10 })
}

function tensor(run: Run, key: string): number {
  return run.manifest.tensors.findIndex((candidate) => candidate.key === key)
}

describe('a session', () => {
  test('opens a finished run at its last frame, with its probes and its scales', async () => {
    const { session, server } = await looking(filesOf('packed'))
    await until(() => {
      expect(shown(session.clock)).toBe(FRAMES - 1)
      expect(session.inputs).toHaveLength(1)
    })
    expect([session.state, session.clock.isFollowing, session.trouble]).toEqual(['finished', false, null])
    expect(session.classifier?.width).toBe(10)
    expect(session.probeRow.prediction).toEqual({ start: 128, classes: 10 })
    expect(session.limit(tensor(session.run, 'weight/conv.weight'))).toBeGreaterThan(0)
    expect(server.listened()).toBe(0)
  })

  test('tells a run that was killed from one that lives', async () => {
    const { session } = await looking(grown(5))
    expect([session.state, session.clock.isFollowing]).toEqual(['killed', false])
    expect((await looking(living(5))).session.state).toBe('live')
  })

  test('takes over an address, and gives it back', async () => {
    const given = {
      frame: 4,
      probe: 1,
      node: 'conv',
      tensor: 'gradient/conv.weight',
      open: ['head'],
      look: 'start' as const,
    }
    const { session } = await looking(filesOf('packed'), given)
    const { theme, ...rest } = START
    expect(theme).toBeNull()
    expect(session.address).toEqual({ ...rest, run: 'small', ...given })
    expect(session.roles).toEqual(['weight', 'activation', 'gradient'])
    session.clock.goTo(FRAMES - 1)
    expect(session.address.frame).toBeNull() // the newest needs no number
  })

  test('takes the nearest there is where an address asks for more', async () => {
    const { session } = await looking(filesOf('packed'), { frame: 999, probe: 77 })
    expect([session.probe, session.clock.target]).toEqual([1, FRAMES - 1])
  })

  test('measures the change since the start once, for what is looked at', async () => {
    const { session } = await looking(filesOf('packed'), { look: 'start' })
    const weight = tensor(session.run, 'weight/conv.weight')
    expect(session.limit(weight)).toBe(0)
    await session.measureChanges()
    const limits = session.changeLimits
    expect(session.limit(weight)).toBeGreaterThan(0)
    await session.measureChanges()
    expect(session.changeLimits).toBe(limits)
    session.choose('conv', 'gradient/conv.weight')
    await session.measureChanges()
    expect(session.changeLimits).not.toBe(limits)
  })

  test('says what of the run cannot be read', async () => {
    const files = filesOf('packed')
    files.set('probes/input/0/c.0.0.0.0', new Uint8Array(3))
    const { session } = await looking(files)
    await until(() => {
      expect(session.trouble?.what).toContain('probes/input/0')
    })
  })

  test('fails to open what is no run', async () => {
    await expect(looking(new Map())).rejects.toThrow('there is no run at')
  })
})

describe('a session of a run that grows', () => {
  test('follows it to its end, and shows the newest frame', async () => {
    const { session, server, files } = await looking(living(2))
    await until(() => {
      expect(server.listened()).toBe(1)
      expect(shown(session.clock)).toBe(1)
    })
    expect(session.clock.isFollowing).toBe(true)
    const { version } = session
    turnInto(files, living(9))
    server.send('grown', { growing: true })
    await until(() => {
      expect(shown(session.clock)).toBe(8)
    })
    expect(session.version).toBeGreaterThan(version)
    turnInto(files, filesOf('packed'))
    server.send('ended', {})
    await until(() => {
      expect([session.state, shown(session.clock)]).toEqual(['finished', FRAMES - 1])
    })
    expect([session.clock.isFollowing, session.trouble, session.isLost]).toEqual([false, null, false])
    const outputs = session.clock.shown?.frame.outputs ?? []
    expect([...outputs]).toEqual(EXPECTED.outputs[FRAMES - 1]?.[0])
  })

  test('leaves the hand where it is', async () => {
    const { session, server, files } = await looking(living(5))
    await until(() => {
      expect(server.listened()).toBe(1)
    })
    session.clock.moveTo(2, true)
    turnInto(files, living(9))
    server.send('grown', { growing: true })
    await until(() => {
      expect(session.run.frames.count).toBe(9)
    })
    await until(() => {
      expect(shown(session.clock)).toBe(2)
    })
    expect(session.address.frame).toBe(2)
  })

  test('that was opened before its first frame shows it, wherever it was asked to be', async () => {
    const files = new Map(
      [...living(1)].filter(([path]) =>
        /^(status\/|probes\/input\/.*)?zarr\.json$|^probes\/input/.test(path),
      ),
    )
    const { session, server } = await looking(files, { frame: 7 })
    await until(() => {
      expect(server.listened()).toBe(1)
    })
    expect(session.clock.target).toBe(-1)
    turnInto(files, living(3))
    server.send('grown', { growing: true })
    await until(() => {
      expect(shown(session.clock)).toBe(2)
    })
  })

  test('is killed when the server says that it grows no more and nobody closed it', async () => {
    const { session, server } = await looking(living(4))
    await until(() => {
      expect(server.listened()).toBe(1)
    })
    expect(session.state).toBe('live')
    server.send('ended', {})
    await until(() => {
      expect(session.state).toBe('killed')
    })
    expect(session.clock.isFollowing).toBe(false)
  })

  test('keeps what it has when the server is gone', async () => {
    const { session, server } = await looking(living(4))
    await until(() => {
      expect(server.listened()).toBe(1)
      expect(shown(session.clock)).toBe(3)
    })
    await server.close()
    await until(() => {
      expect(session.isLost).toBe(true)
    })
    expect(session.trouble?.fix).toContain('onionskin view RUN')
    expect(shown(session.clock)).toBe(3)
  })
})

test('a long chart that grows is drawn anew when it has grown by a pixel, and not for each step', () => {
  expect([1, 500, 1024, 2047, 2048, 520_000].map(pixelOf)).toEqual([1, 1, 1, 1, 2, 256])
})

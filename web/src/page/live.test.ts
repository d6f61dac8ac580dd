import { EventSource } from 'eventsource'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { RunError } from '../run/errors'
import { wait } from '../testing/clocks'
import { serveEvents, type EventServer } from '../testing/events'
import { serve, type Server } from '../testing/server'
import { follow, serverEvents, type Followed, type Teller } from './live'

/** Notes what it is told, as a session would act on it. */
class Told implements Followed {
  readonly refreshed: (boolean | null)[] = []
  readonly said: string[] = []
  busy = 0
  mostBusy = 0
  ended = false
  deed: () => Promise<void> = () => Promise.resolve()

  readonly teller: Teller

  constructor(eventsAddress: string) {
    this.teller = serverEvents(eventsAddress)
  }

  async refresh(isGrowing: boolean | null): Promise<void> {
    this.refreshed.push(isGrowing)
    this.mostBusy = Math.max(this.mostBusy, ++this.busy)
    try {
      await this.deed()
    } finally {
      this.busy--
    }
  }

  isEnded(): boolean {
    return this.ended
  }

  fail(error: RunError | null): void {
    this.said.push(error ? error.what : 'well')
  }

  lose(isLost: boolean): void {
    this.said.push(isLost ? 'lost' : 'found')
  }
}

beforeAll(() => {
  vi.stubGlobal('EventSource', EventSource)
})

afterAll(() => {
  vi.unstubAllGlobals()
})

async function following(): Promise<{ told: Told; server: EventServer; stop: () => void }> {
  const server = await serveEvents()
  onTestFinished(() => server.close())
  return { server, ...start(server) }
}

function start({ address }: Server): { told: Told; stop: () => void } {
  const told = new Told(`${address}/live`)
  const stop = follow(told)
  onTestFinished(stop)
  return { told, stop }
}

async function until(deed: () => void): Promise<void> {
  await vi.waitFor(deed, { timeout: 4000, interval: 10 })
}

async function listening(server: EventServer, times = 1): Promise<void> {
  await until(() => {
    expect(server.listened()).toBeGreaterThanOrEqual(times)
  })
}

describe('following a run', () => {
  test('reads it again when the server says that it has grown', async () => {
    const { told, server } = await following()
    await listening(server)
    expect(told.refreshed).toEqual([])
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.said).toEqual(['found', 'well'])
    })
    expect(told.refreshed).toEqual([true])
    await wait(300)
    server.send('grown', { growing: false })
    await until(() => {
      expect(told.refreshed).toEqual([true, false])
    })
  })

  test('takes in together what comes while it reads, one reading at a time', async () => {
    const { told, server } = await following()
    await listening(server)
    told.deed = () => wait(20)
    for (let i = 0; i < 20; i++) {
      server.send('grown', { growing: true })
      await wait(10)
    }
    await wait(600)
    expect(told.mostBusy).toBe(1)
    expect(told.refreshed.length).toBeGreaterThanOrEqual(2) // at once, and what came meanwhile
    expect(told.refreshed.length).toBeLessThanOrEqual(3)
  })

  test('ends with the run, after a last reading', async () => {
    const { told, server } = await following()
    await listening(server)
    server.send('grown', { growing: true })
    server.send('ended', {})
    server.hangUp()
    await until(() => {
      expect(told.refreshed.at(-1)).toBe(false)
    })
    await wait(200)
    expect(server.listened()).toBe(1)
    expect(told.said).not.toContain('lost')
  })

  test('says when the server is gone, and goes on by itself when it is back', async () => {
    const { told, server } = await following()
    await listening(server)
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.refreshed).toHaveLength(1)
    })
    await server.close()
    await until(() => {
      expect(told.said.slice(-2)).toEqual(['lost', 'the server that shows this run stopped answering'])
    })
    const again = await serveEvents(undefined, Number(new URL(server.address).port))
    onTestFinished(() => again.close())
    await listening(again)
    again.send('grown', { growing: true })
    await until(() => {
      expect(told.said.slice(-2)).toEqual(['found', 'well'])
    })
    expect(told.refreshed).toHaveLength(2)
  })

  test('says what cannot be read, and that all is well when it can be again', async () => {
    const { told, server } = await following()
    await listening(server)
    told.deed = () => Promise.reject(new RunError('a chunk is cut short', 'wait'))
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.said.at(-1)).toBe('a chunk is cut short')
    })
    told.deed = () => Promise.reject(new TypeError('x is not a function'))
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.said.at(-1)).toBe('x is not a function')
    })
    told.deed = () => Promise.resolve()
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.said.at(-1)).toBe('well')
    })
  })

  test('stops when it is told to', async () => {
    const { told, server, stop } = await following()
    await listening(server)
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.refreshed).toHaveLength(1)
    })
    stop()
    server.send('grown', { growing: true })
    await wait(350)
    expect(told.refreshed).toHaveLength(1)
    expect(server.listened()).toBe(1)
  })

  test('stops in the middle of a reading, and begins no other', async () => {
    const { told, server, stop } = await following()
    await listening(server)
    told.deed = () => wait(100)
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.refreshed).toHaveLength(1)
    })
    server.send('grown', { growing: true })
    await wait(50)
    stop()
    await wait(450)
    expect(told.refreshed).toHaveLength(1)
  })

  test('looks by itself where the server came back without events', async () => {
    const { told, server } = await following()
    await listening(server)
    server.send('grown', { growing: true })
    await until(() => {
      expect(told.refreshed).toEqual([true])
    })
    await server.close()
    const port = Number(new URL(server.address).port)
    const again = await serve((_, response) => response.writeHead(404).end(), port)
    onTestFinished(() => again.close())
    await until(() => {
      expect(told.refreshed).toEqual([true, null])
    })
  })

  test('looks every other second where the host sends no events, until the run has ended', async () => {
    const server = await serve((_, response) => response.writeHead(404).end())
    onTestFinished(() => server.close())
    const { told } = start(server)
    await until(() => {
      expect(told.refreshed).toEqual([null])
    })
    told.deed = () => {
      told.ended = true
      return Promise.resolve()
    }
    await until(() => {
      expect(told.refreshed).toEqual([null, null])
    })
    expect(told.said).toEqual(['well', 'well'])
  })
})

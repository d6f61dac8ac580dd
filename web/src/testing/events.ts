/** A real server that sends events, as `onionskin view` does, and forgets nobody who listens. */
import type { ServerResponse } from 'node:http'
import { serve, type Handler, type Server } from './server'

export interface EventServer extends Server {
  /** How often somebody began to listen. */
  readonly listened: () => number
  send(event: 'grown' | 'ended', data: unknown): void
  /** Say no more to those who listen now, as at the end of a run. */
  hangUp(): void
}

/** @param otherwise - Answers everything but `/live`. */
export async function serveEvents(
  otherwise: Handler = (_, response) => response.end(),
  port = 0,
): Promise<EventServer> {
  const listeners = new Set<ServerResponse>()
  let listened = 0
  const server = await serve((request, response) => {
    if (!request.url?.endsWith('/live')) {
      otherwise(request, response)
      return
    }
    listened++
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    response.write('retry: 40\n\n') // milliseconds: a test does not wait as long as a page
    listeners.add(response)
    response.on('close', () => listeners.delete(response))
  }, port)
  return {
    ...server,
    listened: () => listened,
    send: (event, data) => {
      for (const listener of listeners) listener.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    },
    hangUp: () => {
      for (const listener of listeners) listener.end()
    },
  }
}

/** A real HTTP server on this machine, for the tests of what reads over the network. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Server {
  /** `http://127.0.0.1:40123`, without a slash at the end. */
  readonly address: string
  /** Break every connection, as a server that is killed does, and listen no more. */
  close(): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Listen on a free port, or on `port`: a server that was started again. */
export function serve(handler: Handler, port = 0): Promise<Server> {
  const server = createServer(handler)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      resolve({
        address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              closed()
            })
            server.closeAllConnections()
          }),
      })
    })
  })
}

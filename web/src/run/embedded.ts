/** A run whose files stand in the page itself, as base64. */
import { broken, RunError } from './errors'
import type { Store } from './store'

export class EmbeddedStore implements Store {
  readonly location = 'this page'

  /** @param files - The text of each file, decoded when it is asked for: the page opens before its data is read. */
  constructor(private readonly files: ReadonlyMap<string, () => string>) {}

  read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const text = this.files.get(path)
    if (!text) return Promise.resolve(null)
    try {
      return Promise.resolve(decode(text()))
    } catch (error) {
      return Promise.reject(error instanceof RunError ? error : broken(`${path} is no base64`))
    }
  }
}

/** @throws DOMException - It is no base64. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i)
  return bytes
}

import { MemoryStore } from '../run/store'

/** A store in which the answer for a file can be held back, as a slow network does. */
export class SlowStore extends MemoryStore {
  private readonly held = new Map<string, Promise<void>>()

  /** Give the bytes that the file has when it is asked for, but not before the returned function is called. */
  hold(path: string): () => void {
    let release: () => void = () => undefined
    this.held.set(path, new Promise((resolve) => (release = resolve)))
    return () => {
      this.held.delete(path)
      release()
    }
  }

  override async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = await super.read(path)
    await this.held.get(path)
    return bytes
  }
}

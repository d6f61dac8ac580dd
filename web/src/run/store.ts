/**
 * Where the files of a run lie. A store knows paths and bytes, nothing of Zarr: a server or static host, data embedded
 * in one HTML file and a notebook's kernel are each one class with one method.
 */
import { RunError } from './errors'

export interface Store {
  /** How a person would name the place. */
  readonly location: string
  /** The bytes of a file, never stale; null where there is no such file. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>
}

/** No file of a run is larger than this (bytes): shards are about 2 MiB, a chunk at most 64. */
export const LARGEST_FILE = 80 * 2 ** 20

/** Files below an address. Whole files only: shards are small, and a static host need not know Range. */
export class HttpStore implements Store {
  /**
   * @param location - The address of the run folder, without a slash at the end.
   * @param remedy - What to do when the host does not answer.
   */
  constructor(
    readonly location: string,
    private readonly remedy = 'start it again (onionskin view RUN), then reload the page',
  ) {}

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.fetch(path)
    if (response.status === 404 || response.status === 410) return null
    if (response.ok && response.headers.get('Content-Type')?.startsWith('text/html')) {
      // Some hosts answer with a page of their own where there is no file. No file of a run is HTML.
      await response.body?.cancel()
      return null
    }
    if (!response.ok) {
      throw new RunError(
        `${this.location}/${path} cannot be read: the server answered ${response.status} ${response.statusText}`,
        'check that whoever serves the run may read it, then reload the page',
      )
    }
    const length = Number(response.headers.get('Content-Length') ?? 0)
    if (length > LARGEST_FILE) {
      await response.body?.cancel()
      throw tooLarge(path, length)
    }
    return this.content(response, path)
  }

  /** The bytes of an answer, counted as they come: a host need not say how many there will be, nor say it truly. */
  private async content(response: Response, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = []
    let length = 0
    const reader = response.body?.getReader()
    while (reader) {
      const { value } = await this.answerOf(reader.read())
      if (!value) break
      parts.push(value)
      length += value.length
      if (length > LARGEST_FILE) {
        await reader.cancel()
        throw tooLarge(path, length)
      }
    }
    return joined(parts, length)
  }

  private fetch(path: string): Promise<Response> {
    // "no-cache" asks the server whether the copy is still good: a growing run replaces its files.
    return this.answerOf(fetch(`${this.location}/${path}`, { cache: 'no-cache' }))
  }

  /** What the server answers; it may fall silent before it says a word, or in the middle of a file. */
  private async answerOf<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch {
      throw new RunError(`the server of ${this.location} does not answer`, this.remedy)
    }
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = parts
  if (first && parts.length === 1) return first
  const whole = new Uint8Array(length)
  let filled = 0
  for (const part of parts) {
    whole.set(part, filled)
    filled += part.length
  }
  return whole
}

function tooLarge(path: string, length: number): RunError {
  return new RunError(
    `${path} has ${length.toLocaleString('en')} bytes or more, and no file of a run has so many`,
    'pack the run again where it was recorded: onionskin pack RUN',
  )
}

/** Files held in memory, by path. */
export class MemoryStore implements Store {
  readonly location = 'memory'
  /** Every path that was asked for, in order. */
  readonly asked: string[] = []

  constructor(readonly files: Map<string, Uint8Array<ArrayBuffer>>) {}

  read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    this.asked.push(path)
    return Promise.resolve(this.files.get(path) ?? null)
  }
}

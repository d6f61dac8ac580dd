/**
 * A notebook's kernel as the place where a run lies. It answers when it is free; while a cell runs it cannot, and
 * sends by itself what the run in that cell adds: all its files, so that what is not among them is not there.
 */
import { ByteCache } from '../../run/cache'
import { RunError } from '../../run/errors'
import type { Store } from '../../run/store'
import type { Hearer, Teller } from '../live'

/** What the notebook says to the page. */
export type Said =
  | { readonly kind: 'answer'; readonly id: number; readonly bytes: Bytes | null }
  | { readonly kind: 'refused'; readonly id: number; readonly what: string; readonly fix: string }
  /** Files of a growing run, sent without being asked for. */
  | { readonly kind: 'files'; readonly names: readonly string[]; readonly files: readonly Bytes[] }
  /** The run has grown; with the names of all its files, where they are sent. */
  | { readonly kind: 'grown'; readonly growing: boolean; readonly listed: readonly string[] | null }
  | { readonly kind: 'theme'; readonly isDark: boolean }

export type Bytes = Uint8Array<ArrayBuffer>

/** What is kept of files that were sent (bytes); of older ones the kernel is asked. */
const MOST_KEPT = 192 * 2 ** 20

export class KernelStore implements Store {
  readonly location = 'the notebook'
  private readonly sent = new ByteCache<Bytes>(MOST_KEPT)
  private listed: ReadonlySet<string> | null = null
  private readonly waiting = new Map<
    number,
    { answer: (bytes: Bytes | null) => void; refuse: (error: RunError) => void }
  >()
  private asked = 0
  private hearer: Hearer | null = null

  /**
   * @param ask - Asks the kernel for a file.
   * @param waits - Told how many answers are waited for.
   */
  constructor(
    private readonly ask: (id: number, path: string) => void,
    private readonly waits: (count: number) => void,
  ) {}

  read(path: string): Promise<Bytes | null> {
    const sent = this.listed?.has(path) ? this.sent.get(path) : undefined
    if (sent) return Promise.resolve(sent)
    if (this.listed && !this.listed.has(path)) return Promise.resolve(null)
    const id = this.asked++
    return new Promise((answer, refuse) => {
      this.waiting.set(id, { answer, refuse })
      this.waits(this.waiting.size)
      this.ask(id, path)
    })
  }

  /** Tells the page that the run has grown. */
  readonly teller: Teller = (hearer) => {
    this.hearer = hearer
    return () => (this.hearer = null)
  }

  hear(said: Said): void {
    switch (said.kind) {
      case 'answer':
        this.settle(said.id)?.answer(said.bytes)
        break
      case 'refused':
        this.settle(said.id)?.refuse(new RunError(said.what, said.fix))
        break
      case 'files':
        for (const [i, name] of said.names.entries()) {
          const bytes = said.files[i]
          if (bytes) this.sent.set(name, bytes, bytes.length)
        }
        break
      case 'grown':
        this.listed = said.listed && new Set(said.listed)
        if (!this.listed) this.sent.deleteAll('')
        if (said.growing) this.hearer?.grown(true)
        else this.hearer?.ended()
        break
      case 'theme':
        break
    }
  }

  private settle(id: number) {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    this.waits(this.waiting.size)
    return waiting
  }
}

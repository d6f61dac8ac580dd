/**
 * A notebook's kernel as the place where a run lies. While a cell runs it answers nothing, but sends by itself the files
 * of a small run, and of the run that the cell records. Then it lists them: what is not on the list is not there.
 */
import { ByteCache } from '../../run/cache'
import { RunError } from '../../run/errors'
import type { Store } from '../../run/store'
import type { Hearer, Teller } from '../live'

/** What the notebook says to the page. */
export type Said =
  | { readonly kind: 'answer'; readonly id: number; readonly bytes: Bytes | null }
  | { readonly kind: 'refused'; readonly id: number; readonly what: string; readonly fix: string }
  /** Files that were sent without being asked for. */
  | { readonly kind: 'files'; readonly names: readonly string[]; readonly files: readonly Bytes[] }
  /** All files that there are; null where they have to be asked for. */
  | { readonly kind: 'listed'; readonly names: readonly string[] | null }
  | { readonly kind: 'grown'; readonly growing: boolean }
  | { readonly kind: 'theme'; readonly isDark: boolean }

export type Bytes = Uint8Array<ArrayBuffer>

/** What is kept of files that were sent (bytes); of older ones the kernel is asked. */
export const MOST_KEPT = 192 * 2 ** 20

interface Waiting {
  readonly path: string
  readonly answer: (bytes: Bytes | null) => void
  readonly refuse: (error: RunError) => void
}

export class KernelStore implements Store {
  readonly location = 'the notebook'
  private readonly sent = new ByteCache<Bytes>(MOST_KEPT)
  private listed: ReadonlySet<string> | null = null
  private readonly waiting = new Map<number, Waiting>()
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
    const known = this.known(path)
    if (known !== undefined) return Promise.resolve(known)
    const id = this.asked++
    return new Promise((answer, refuse) => {
      this.waiting.set(id, { path, answer, refuse })
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
      case 'listed':
        this.listed = said.names && new Set(said.names)
        if (!this.listed) this.sent.deleteAll('')
        for (const [id, { path, answer }] of [...this.waiting]) {
          const known = this.known(path)
          if (known === undefined) continue
          this.settle(id)
          answer(known)
        }
        break
      case 'grown':
        if (said.growing) this.hearer?.grown(true)
        else this.hearer?.ended()
        break
      case 'theme':
        break
    }
  }

  /** What is known of a file: its bytes, or that there is none; undefined where the kernel has to be asked. */
  private known(path: string): Bytes | null | undefined {
    if (!this.listed) return undefined
    return this.listed.has(path) ? this.sent.get(path) : null
  }

  private settle(id: number) {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    this.waits(this.waiting.size)
    return waiting
  }
}

/**
 * What is known of the runs of a library. A run is read when its card comes into view, or when what is looked for can
 * only be told of runs that were read; a few at a time, those in view first.
 */
import { SvelteMap } from 'svelte/reactivity'
import { ByteCache } from '../../run/cache'
import { RunError } from '../../run/errors'
import { glance, weightsAt } from '../../run/glance'
import type { Manifest } from '../../run/manifest'
import type { Store } from '../../run/store'
import { unexpected } from '../clock.svelte'
import type { Listed } from '../library'
import { summaryOf, type Summary } from './summary'
import { tilesOf, type Tile } from './thumbnail'

/** What was read of a run, and at which of its states; or why it could not be. */
export interface Read {
  readonly changed: number
  /** When it was read (ms since 1970). */
  readonly at: number
  readonly summary: Summary | null
  readonly error: RunError | null
}

interface Undrawn {
  readonly store: Store
  readonly manifest: Manifest
  readonly frames: number
}

/** Runs that are read at the same time. A browser has six connections to a host, and a run asks for some files at once. */
const AT_ONCE = 4
/** A run that was live is looked at again after this long (ms), even if nothing was heard of it: it may have been killed. */
const STILL_LIVE = 5000

/** The order of the cards follows what was read this often (ms). */
const IN_ORDER = 400

/** What is held of the thumbnails' values (bytes): those of some hundred cards. */
const KEPT_TILES = 24 * 2 ** 20

export class Shelf {
  readonly known = new SvelteMap<string, Read>()
  /** Counts what was read, now and then: hundreds of runs are not put in order anew with each one of them. */
  tally = $state(0)
  /** The thumbnails, by the run's name; each counts what was drawn anew. */
  readonly drawn = new SvelteMap<string, number>()
  /** What a run's thumbnail is drawn from, once its words stand on the card. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page is drawn from it
  private readonly undrawn = new Map<string, Undrawn>()
  private readonly tiles = new ByteCache<readonly Tile[]>(KEPT_TILES)
  /** The names of the cards in view. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page is drawn from it
  private readonly inView = new Set<string>()
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page is drawn from it
  private readonly reading = new Set<string>()
  private runs: readonly Listed[] = []
  private isAll = false
  private readers = 0
  private isLeft = false
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly storeOf: (run: Listed) => Store) {}

  /** The runs there are, and whether each of them has to be read. */
  show(runs: readonly Listed[], isAll: boolean): void {
    this.runs = runs
    this.isAll = isAll
    this.goOn()
  }

  see(name: string, isInView: boolean): void {
    if (isInView) this.inView.add(name)
    else this.inView.delete(name)
    if (isInView) this.goOn()
  }

  summary(run: Listed): Summary | undefined {
    return this.known.get(run.name)?.summary ?? undefined
  }

  tilesOf(name: string): readonly Tile[] | undefined {
    return this.tiles.get(name)
  }

  close(): void {
    this.isLeft = true
    clearTimeout(this.timer)
  }

  private goOn(): void {
    while (this.readers < AT_ONCE && !this.isLeft) {
      const run = this.next()
      if (!run) return
      this.readers++
      void this.read(run).finally(() => {
        this.readers--
        this.reading.delete(run.name)
        this.timer ??= setTimeout(() => {
          this.timer = undefined
          this.tally++
        }, IN_ORDER)
        this.goOn()
      })
    }
  }

  /** What to read next: a card in view, its words before any picture; else if all are wanted any that was not read. */
  private next(): Listed | undefined {
    const isFree = (run: Listed) => !this.reading.has(run.name)
    const isSeen = (run: Listed) => this.inView.has(run.name) && isFree(run)
    const isBare = ({ name }: Listed) =>
      !this.known.get(name)?.error && (this.undrawn.has(name) || !this.tiles.get(name))
    return (
      this.runs.find((run) => isSeen(run) && this.isStale(run)) ??
      this.runs.find((run) => isSeen(run) && isBare(run)) ??
      (this.isAll ? this.runs.find((run) => isFree(run) && this.isStale(run)) : undefined)
    )
  }

  private isStale({ name, changed = 0 }: Listed): boolean {
    const read = this.known.get(name)
    const isOld = read?.summary?.state === 'live' && Date.now() - read.at > STILL_LIVE
    return isOld || read?.changed !== changed
  }

  /** Read what a card says, or if that is known what its thumbnail shows. */
  private async read(run: Listed): Promise<void> {
    const { name, changed = 0 } = run
    this.reading.add(name)
    try {
      const undrawn = this.undrawn.get(name)
      if (undrawn && !this.isStale(run)) await this.draw(name, undrawn)
      else {
        const store = this.storeOf(run)
        const seen = await glance(store)
        const at = Date.now()
        const summary = await summaryOf(seen, at / 1000)
        this.known.set(name, { changed, at, summary, error: null })
        const { manifest, frames } = seen
        if (this.inView.has(name)) this.undrawn.set(name, { store, manifest, frames })
      }
    } catch (error) {
      const said = error instanceof RunError ? error : unexpected(error)
      this.known.set(name, { changed, at: Date.now(), summary: null, error: said })
    }
  }

  private async draw(name: string, { store, manifest, frames }: Undrawn): Promise<void> {
    this.undrawn.delete(name)
    const weights = await weightsAt(store, frames - 1)
    const tiles = weights ? tilesOf(manifest, weights) : []
    const bytes = tiles.reduce((sum, { codes }) => sum + codes.byteLength, 64)
    this.tiles.set(name, tiles, bytes)
    this.drawn.set(name, (this.drawn.get(name) ?? 0) + 1)
  }
}

/** What the page stands in: a server, a static host, one HTML file, a notebook. Each shell says the same few things. */
import type { Component } from 'svelte'
import type { Extra, Extras } from './address'
import type { Listed } from './library'
import type { Theme } from './theme.svelte'

export interface Host {
  /** The runs that are shown. @throws RunError - They cannot be listed. */
  runs(): Promise<readonly Listed[]>
  /** The lab, where one is shown beside the runs; known once the runs are. */
  readonly lab?: (() => Promise<{ default: Component<LabProps> }>) | null
  /** Where the state of the page is kept. */
  readonly place: Place
  /** Light or dark as those around the page have it; without this, as the system has it. */
  readonly surroundings?: Surroundings
}

/** Keeps the state of the page as a text such as `#run=mnist&frame=12`. */
export interface Place {
  readonly hash: string
  /** Say the same moment anew. */
  replace(hash: string): void
  /** Go somewhere else: where there is a "back", it leads to where one was. */
  go(hash: string): void
  /** Call when somebody else has changed it, until the returned function is called. */
  watch(changed: () => void): () => void
}

/** What the lab is given. */
export interface LabProps {
  /** The question that is looked at; empty for the list of all. */
  readonly name: string
  readonly runs: readonly Listed[]
  readonly theme: Theme
  readonly more: Extras
  readonly keep: (name: Extra, value: string) => void
}

export interface Surroundings {
  readonly isDark: boolean
  watch(changed: () => void): () => void
}

/** The browser's address bar. */
export const addressBar: Place = {
  get hash() {
    return location.hash
  },
  replace(hash) {
    history.replaceState(null, '', hash || location.pathname + location.search)
  },
  go(hash) {
    location.hash = hash
  },
  watch(changed) {
    window.addEventListener('hashchange', changed)
    return () => {
      window.removeEventListener('hashchange', changed)
    }
  },
}

/** A place of the page's own, within a page whose address belongs to somebody else. */
export class OwnPlace implements Place {
  private readonly watchers = new Set<() => void>()

  /** @param told - Called when the state has changed. */
  constructor(
    private now: string,
    private readonly told: (hash: string) => void,
  ) {
    // A link within the page (`#run=…`) would lead the frame to the page around it.
    document.addEventListener('click', (event) => {
      const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null
      if (!link) return
      event.preventDefault()
      this.go(link.getAttribute('href') ?? '')
    })
  }

  get hash(): string {
    return this.now
  }

  replace(hash: string): void {
    this.now = hash
    this.told(hash)
  }

  go(hash: string): void {
    this.replace(hash)
    for (const changed of this.watchers) changed()
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed)
    return () => this.watchers.delete(changed)
  }
}

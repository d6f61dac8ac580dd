/** Light or dark: as the address says, else as it was chosen last, else as those around it have it. */
import { PALETTES, type Palette } from '../pictures/paper/palette'
import type { Surroundings } from './host'

type Name = 'light' | 'dark'

const KEPT = 'onionskin-theme'

/** Colours of the style sheet that canvases draw with. */
const INKS = ['ink', 'soft', 'line', 'right', 'wrong', 'live', 'quiet', 'accent', 'sheet'] as const
export type Inks = Readonly<Record<(typeof INKS)[number] | 'font', string>>

export class Theme {
  private chosen = $state<Name | null>(null)
  private system = $state<Name>('light')
  private readonly read: Partial<Record<Name, Inks>> = {}

  constructor(fromAddress: Name | null, surroundings: Surroundings = systemTheme()) {
    this.chosen = fromAddress ?? kept()
    const follow = (): void => {
      this.system = surroundings.isDark ? 'dark' : 'light'
      this.apply()
    }
    surroundings.watch(follow)
    follow()
  }

  get name(): Name {
    return this.chosen ?? this.system
  }

  get palette(): Palette {
    return PALETTES[this.name]
  }

  /** The colours of the page for canvases, read from the style sheet once a theme. */
  get inks(): Inks {
    const known = this.read[this.name]
    if (known) return known
    const style = getComputedStyle(document.documentElement)
    const colours = INKS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])
    const inks = { ...Object.fromEntries(colours), font: style.fontFamily } as Inks
    this.read[this.name] = inks
    return inks
  }

  /** What stands in the address: only what differs from the system's. */
  get inAddress(): Name | null {
    return this.chosen !== null && this.chosen !== this.system ? this.chosen : null
  }

  set(name: Name): void {
    this.chosen = name
    this.apply()
  }

  toggle(): void {
    this.set(this.name === 'dark' ? 'light' : 'dark')
    try {
      localStorage.setItem(KEPT, this.name)
    } catch {
      // A page that may keep nothing forgets the theme; the address still has it.
    }
  }

  /** At once, and not with the next effects: canvases are drawn in the colours that stand on the page. */
  private apply(): void {
    document.documentElement.dataset['theme'] = this.name
  }
}

function systemTheme(): Surroundings {
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  return {
    get isDark() {
      return dark.matches
    },
    watch(changed) {
      dark.addEventListener('change', changed)
      return () => {
        dark.removeEventListener('change', changed)
      }
    },
  }
}

function kept(): Name | null {
  try {
    const name = localStorage.getItem(KEPT)
    return name === 'light' || name === 'dark' ? name : null
  } catch {
    return null
  }
}

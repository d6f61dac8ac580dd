/** In which way pictures are looked at: as they are, or against another frame. */

export const LOOKS = ['values', 'start', 'last', 'skin'] as const
export type Look = (typeof LOOKS)[number]

/** What each is called, in full and beside a scale. */
export const LOOK_WORDS: Readonly<Record<Look, { readonly name: string; readonly scale: string }>> = {
  values: { name: 'values', scale: 'value' },
  start: { name: 'change since the start', scale: 'change since the start' },
  last: { name: 'change since the last frame', scale: 'change since the last frame' },
  skin: { name: 'onion skin', scale: 'value' },
}

/** How much of an onion skin's older frame shows through. */
export const VEIL = 0.5

/** A look, and for an onion skin the frame that is laid over. */
export interface Against {
  readonly look: Look
  readonly skin: number
}

export const PLAIN: Against = { look: 'values', skin: 0 }

/** The frame that `frame` is looked at against; -1 for none. */
export function baseOf({ look, skin }: Against, frame: number, last: number): number {
  switch (look) {
    case 'values':
      return -1
    case 'start':
      return 0
    case 'last':
      return Math.max(0, frame - 1)
    case 'skin':
      return Math.max(0, Math.min(last, skin))
  }
}

export function isLook(text: string | null): text is Look {
  return (LOOKS as readonly (string | null)[]).includes(text)
}

/** Whether it shows a difference, on a scale of its own. */
export function isChange(look: Look): look is 'start' | 'last' {
  return look === 'start' || look === 'last'
}

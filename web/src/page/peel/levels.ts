/** The levels of a peel: what each is in a sentence, and which of them are looked at. */
import type { PeelEntry } from '../../run/manifest'
import { joinNames, splitNames } from '../names'

interface Words {
  readonly label: string
  readonly sentence: string
}

/** From one line down. */
const WORDS: Readonly<Record<string, Words>> = {
  line: { label: 'line', sentence: 'the whole training in one line' },
  loop: { label: 'loop', sentence: 'modules, with the loop written out' },
  tensors: {
    label: 'tensors',
    sentence: 'tensors, whose gradients autograd finds',
  },
  backward: { label: 'backward', sentence: 'no autograd: every gradient is written out' },
  numpy: { label: 'NumPy', sentence: 'arrays: forward, backward and update' },
  scalars: { label: 'scalars', sentence: 'plain numbers: every product and every sum is there' },
  paper: { label: 'paper', sentence: 'a worksheet, to be done with a pencil' },
  c: { label: 'C', sentence: 'below NumPy: the loops that it runs, in one file' },
}

export function wordsOf(level: string): Words {
  return (Object.hasOwn(WORDS, level) ? WORDS[level] : null) ?? { label: level, sentence: '' }
}

/** So many stand side by side before anybody has chosen. */
const AT_FIRST = 2

/** The levels that are looked at, in their order; at first the one whose arrays were kept, and the one above it. */
export function chosenLevels({ level, levels }: PeelEntry, kept: string | undefined): readonly string[] {
  const asked = new Set(splitNames(kept))
  const chosen = levels.filter((name) => asked.has(name))
  if (chosen.length) return chosen
  const own = levels.indexOf(level)
  return levels.slice(Math.max(0, own + 1 - AT_FIRST), own + 1)
}

/** What the address keeps when a level is switched: one always stays. */
export function switched(entry: PeelEntry, chosen: readonly string[], level: string): string {
  const next = entry.levels.filter((name) => chosen.includes(name) !== (name === level))
  return joinNames(next.length ? next : [level])
}

/** A line that was chosen: its level, its number from 1, and which of its steps, from 0. */
export interface Place {
  readonly level: string
  readonly line: number
  readonly nth: number
}

/** `numpy:47`, and `loop:40:3` for the third step of a line. */
export function formatPlace({ level, line, nth }: Place): string {
  return nth > 0 ? `${level}:${line}:${nth + 1}` : `${level}:${line}`
}

export function parsePlace(text: string | undefined): Place | null {
  const [, level = '', line = '', nth = '1'] = /^(.{1,40}?):(\d{1,6})(?::(\d{1,5}))?$/.exec(text ?? '') ?? []
  return level ? { level, line: Number(line), nth: Math.max(0, Number(nth) - 1) } : null
}

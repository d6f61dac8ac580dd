/** One model as programs of several levels, what each of their lines does, and the arrays of one level at every frame. */
import type { RunArray } from './array'
import { readAttributes } from './attributes'
import { broken } from './errors'
import { Fields, size } from './fields'
import type { PeelEntry } from './manifest'
import type { Store } from './store'

/** What a line does. Lines of several levels that do the same name the same step. */
export interface PeelStep {
  /** The operation's name; empty for a call of a module's function. */
  readonly op: string
  /** The path of the module, as the model names it. */
  readonly path: string
  readonly part: PeelPart
  /** The array that the line makes. */
  readonly variable: string
  readonly sentence: string
  /** TeX; empty where there is none. */
  readonly formula: string
}

const PARTS = ['forward', 'backward', 'update'] as const
export type PeelPart = (typeof PARTS)[number]

/** One level: its text, and what its lines do. */
export interface PeelProgram {
  readonly level: string
  readonly source: string
  /** The steps of each line, by its number from 1; lines that do nothing to an array are not there. */
  readonly steps: ReadonlyMap<number, readonly number[]>
}

/** An array whose values were kept at every frame. */
export interface PeelArray {
  readonly step: number
  /** The call it is of: a function that serves eight blocks has eight arrays for a line. */
  readonly path: string
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** What a frame keeps: `array[::strides[0], ::strides[1], …]`. */
  readonly kept: readonly number[]
  /** How many values the array has, and how many of them a frame keeps. */
  readonly size: number
  readonly count: number
  readonly offset: number
  /** Of the largest magnitudes of all frames: the middle one of those above 0, and the largest. */
  readonly usual: number
  readonly largest: number
}

export interface Peel {
  /** The level whose own arrays these are. */
  readonly level: string
  readonly steps: readonly PeelStep[]
  readonly programs: readonly PeelProgram[]
  readonly arrays: readonly PeelArray[]
  /** (frame, value); null where a copy left the values out. */
  readonly values: RunArray | null
}

/** No peel has more than this (onionskin/recording/peel.py): the last two are of letters, and of values in a frame. */
const MOST = { levels: 9, steps: 20_000, arrays: 20_000, lines: 100_000, letters: 200_000, width: 2 ** 22 }
const MOST_TEXT = { op: 300, path: 300, variable: 300, sentence: 2000, formula: 4000 }

/** Read the peel of a run; null where there is none. */
export async function readPeel(
  store: Store,
  entry: PeelEntry | null,
  frames: number,
  open: (name: string) => Promise<RunArray | null>,
): Promise<Peel | null> {
  if (!entry) return null
  const [content, values] = await Promise.all([readAttributes(store, 'peel', 'peel'), open('peel/values')])
  const [rows = 0, width = 0] = values?.shape ?? []
  if (values && (values.shape.length !== 2 || rows !== frames || width > MOST.width)) {
    throw broken(`its peel/values has the shape [${values.shape.join(', ')}], and it has ${frames} frames`)
  }
  return peelOf(entry, content, values)
}

/** Check and put together what a peel says of itself. */
export function peelOf(entry: PeelEntry, content: unknown, values: RunArray | null): Peel {
  const f = new Fields(content, 'peel')
  const steps = f.items('steps', readStep)
  const programs = f.items('programs', (p) => readProgram(p, steps.length))
  if (programs.map(({ level }) => level).join('\n') !== entry.levels.join('\n')) {
    throw broken('its peel has other levels than its manifest says')
  }
  const scales = f.inner('scales')
  const [usual, largest] = [scales.numbers('usual'), scales.numbers('largest')]
  let index = 0
  const arrays = f.items('arrays', (a) => {
    const scale = { usual: usual[index] ?? 0, largest: largest[index++] ?? 0 }
    return { ...readArray(a, steps.length, values), ...scale }
  })
  if (steps.length > MOST.steps || arrays.length > MOST.arrays) {
    throw broken(`its peel has ${steps.length} steps and ${arrays.length} arrays`)
  }
  return { level: entry.level, steps, programs, arrays, values }
}

function readStep(f: Fields): PeelStep {
  const part = f.text('part')
  if (!isPart(part)) throw broken(`a step of its peel belongs to '${part.slice(0, 40)}'`)
  const text = (name: keyof typeof MOST_TEXT): string => {
    const value = f.text(name)
    if (value.length > MOST_TEXT[name]) throw broken(`the ${name} of a step of its peel is far too long`)
    return value
  }
  return {
    op: text('op'),
    path: text('path'),
    part,
    variable: text('variable'),
    sentence: text('sentence'),
    formula: text('formula'),
  }
}

function isPart(part: string): part is PeelPart {
  return (PARTS as readonly string[]).includes(part)
}

function readProgram(f: Fields, steps: number): PeelProgram {
  const [level, source, pairs] = [f.text('level'), f.text('source'), f.wholes('lines')]
  if (source.length > MOST.letters) throw broken(`its program ${level} has ${source.length} letters`)
  if (pairs.length % 2 || pairs.length > 2 * MOST.lines) throw broken(`the lines of ${level} are cut short`)
  const last = source.split('\n').length
  const of = new Map<number, number[]>()
  for (let i = 0; i < pairs.length; i += 2) {
    const [line = 0, step = 0] = pairs.slice(i, i + 2)
    if (line < 1 || line > last || step >= steps) throw broken(`line ${line} of ${level} is of step ${step}`)
    const there = of.get(line)
    if (there) there.push(step)
    else of.set(line, [step])
  }
  return { level, source, steps: of }
}

function readArray(f: Fields, steps: number, values: RunArray | null): Omit<PeelArray, 'usual' | 'largest'> {
  const [step, path, offset, count] = [f.whole('step'), f.text('path'), f.whole('offset'), f.whole('size')]
  const [shape, strides] = [f.shape('shape'), f.shape('strides')]
  if (step >= steps || path.length > MOST_TEXT.path) {
    throw broken(`an array of its peel is of step ${step}, and there are ${steps}`)
  }
  if (strides.length !== shape.length || strides.includes(0)) {
    throw broken(`an array of its peel has shape [${shape.join(', ')}] and strides [${strides.join(', ')}]`)
  }
  const kept = shape.map((length, axis) => Math.ceil(length / (strides[axis] ?? 1)))
  if (size(kept) !== count || !count || offset + count > (values?.width ?? MOST.width)) {
    throw broken(`an array of its peel has ${count} values at ${offset}, and shape [${shape.join(', ')}]`)
  }
  return { step, path, shape, strides, kept, size: size(shape), count, offset }
}

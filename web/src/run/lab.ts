/** The answers of a lab (FORMAT.md). They may come from a stranger: every field is checked before it is shown. */
import { RunError } from './errors'
import { Fields } from './fields'
import type { Store } from './store'

/** A question in the list, with what was answered in one line each. */
export interface Asked {
  readonly name: string
  readonly question: string
  /** Written before anything was measured. */
  readonly claim: string
  readonly answers: readonly ShortAnswer[]
}
export interface ShortAnswer {
  readonly machine: string
  readonly date: string
  readonly sentence: string
  readonly isQuick: boolean
  readonly isBusy: boolean
}

export interface Question {
  readonly name: string
  readonly question: string
  readonly claim: string
  /** Plain text; an empty line parts paragraphs. */
  readonly method: string
  readonly costSeconds: number
  /** The command that asks it again, and what would change the answer. */
  readonly again: string
  readonly change: string
  readonly answers: readonly Answer[]
}
export interface Answer {
  readonly machine: string
  /** Texts by name, such as the memory. */
  readonly details: readonly Named<string>[]
  readonly date: string
  readonly isQuick: boolean
  readonly isBusy: boolean
  /** What to do when the machine was busy. */
  readonly busy: string
  readonly sentence: string
  readonly rule: string
  /** Null where it could not be decided. */
  readonly claimHolds: boolean | null
  readonly charts: readonly LabChart[]
  readonly comparisons: readonly Comparison[]
  readonly measures: readonly Measure[]
  readonly arms: readonly Arm[]
  readonly skipped: readonly { readonly arm: string; readonly reason: string }[]
  readonly trials: readonly Trial[]
  readonly versions: readonly Named<string>[]
}
export interface Named<T> {
  readonly name: string
  readonly value: T
}
export type Spec = Readonly<Record<string, unknown>>
export interface LabChart {
  readonly title: string
  /** In Vega-Lite. It is checked once more when it is drawn: lab/spec.ts. */
  readonly spec: Spec
}
export interface Comparison {
  readonly what: string
  readonly measure: string
  readonly text: string
  /** Whether the interval says so. */
  readonly differs: boolean
}
export interface Measure {
  readonly name: string
  readonly unit: string
  readonly meaning: string
}
export interface Measured {
  /** Null where it was not finite. */
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  readonly count: number
}
export interface Arm {
  readonly name: string
  readonly settings: readonly Named<string>[]
  readonly numbers: ReadonlyMap<string, Measured>
}
export interface Trial {
  readonly arm: string
  readonly seed: number
  readonly started: string
  readonly wallSeconds: number | null
  readonly cpuSeconds: number | null
  /** How many cores others used meanwhile. */
  readonly others: number | null
  readonly isBusy: boolean
  readonly numbers: ReadonlyMap<string, number | null>
  /** Paths below the lab, such as `runs/see/mlp-0`. */
  readonly runs: readonly string[]
}

/** No lab has more. */
const MOST = { questions: 500, machines: 24, letters: 20_000, charts: 24, entries: 500, trials: 200_000 }
const FORMAT = 1
/** The name of a question: of its file, and in the address. */
const NAME = /^[a-z0-9-]{1,80}$/

/** Read the list of all questions. @throws RunError - It is missing or damaged. */
export async function readQuestions(store: Store): Promise<readonly Asked[]> {
  const content = await readJson(store, 'index')
  if (content === null) throw wrong('the list of its questions is missing')
  return questionsOf(content)
}

/** Read a question with its answers; null where nobody has asked it yet. @throws RunError - It is damaged. */
export async function readQuestion(store: Store, name: string): Promise<Question | null> {
  const content = NAME.test(name) ? await readJson(store, name) : null
  return content === null ? null : questionOf(content)
}

/** Check what a list of questions says. */
export function questionsOf(content: unknown): readonly Asked[] {
  const f = opened(content, 'index')
  return few(f, 'questions', MOST.questions, (one) => {
    const name = one.text('name')
    if (!NAME.test(name)) throw wrong(`a question is called '${name.slice(0, 40)}'`)
    return {
      name,
      question: text(one, 'question'),
      claim: text(one, 'claim', ''),
      answers: few(one, 'answers', MOST.machines, (answer) => ({
        machine: text(answer, 'machine'),
        date: text(answer, 'date'),
        sentence: text(answer, 'sentence'),
        isQuick: answer.flag('is_quick'),
        isBusy: answer.flag('is_busy'),
      })),
    }
  })
}

/** Check what a question's file says. */
export function questionOf(content: unknown): Question {
  const f = opened(content, 'question')
  return {
    name: text(f, 'name'),
    question: text(f, 'question'),
    claim: text(f, 'claim', ''),
    method: text(f, 'method', ''),
    costSeconds: f.number('cost_seconds', 0),
    again: text(f, 'again'),
    change: text(f, 'change', ''),
    answers: few(f, 'answers', MOST.machines, answerOf),
  }
}

function answerOf(f: Fields): Answer {
  const machine = f.inner('machine')
  return {
    machine: text(machine, 'name'),
    details: named(machine, 'details', told),
    date: text(f, 'date'),
    isQuick: f.flag('is_quick'),
    isBusy: f.flag('is_busy'),
    busy: text(f, 'busy', ''),
    sentence: text(f, 'sentence'),
    rule: text(f, 'rule', ''),
    claimHolds: f.has('claim_holds') ? f.flag('claim_holds') : null,
    charts: few(f, 'charts', MOST.charts, (chart) => ({
      title: text(chart, 'title', ''),
      spec: record(chart.value('spec'), 'the spec of a chart'),
    })),
    comparisons: few(f, 'comparisons', MOST.entries, (one) => ({
      what: text(one, 'what'),
      measure: text(one, 'measure', ''),
      text: text(one, 'text'),
      differs: one.flag('differs'),
    })),
    measures: named(f, 'measures', (value, place) => new Fields(value, place, wrong)).map(
      ({ name, value }) => ({
        name,
        unit: text(value, 'unit', ''),
        meaning: text(value, 'meaning', ''),
      }),
    ),
    arms: few(f, 'arms', MOST.entries, (arm) => ({
      name: text(arm, 'name'),
      settings: named(arm, 'settings', told),
      numbers: byName(arm, 'numbers', (value, place) => measuredOf(new Fields(value, place, wrong))),
    })),
    skipped: few(f, 'skipped', MOST.entries, (one) => ({
      arm: text(one, 'arm'),
      reason: text(one, 'reason'),
    })),
    trials: few(f, 'trials', MOST.trials, trialOf),
    versions: named(f, 'versions', told),
  }
}

function measuredOf(f: Fields): Measured {
  return {
    value: maybe(f, 'value'),
    low: maybe(f, 'low'),
    high: maybe(f, 'high'),
    count: f.whole('count', 0),
  }
}

function trialOf(f: Fields): Trial {
  return {
    arm: text(f, 'arm'),
    seed: f.whole('seed', 0),
    started: text(f, 'started', ''),
    wallSeconds: maybe(f, 'wall_seconds'),
    cpuSeconds: maybe(f, 'cpu_seconds'),
    others: maybe(f, 'others'),
    isBusy: f.flag('is_busy', false),
    numbers: byName(f, 'numbers', (value, place) => {
      if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value
      throw wrong(`${place} is no number`)
    }),
    runs: f.texts('runs').slice(0, MOST.entries),
  }
}

async function readJson(store: Store, name: string): Promise<unknown> {
  const bytes = await store.read(`${name}.json`)
  if (!bytes) return null
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown
  } catch {
    throw wrong(`${name}.json is no JSON`)
  }
}

function opened(content: unknown, place: string): Fields {
  const f = new Fields(content, place, wrong)
  const format = f.whole('format')
  if (format > FORMAT) {
    throw new RunError(
      `this lab has format ${format}, and this page reads formats up to ${FORMAT}`,
      'update Onionskin: pip install --upgrade onionskin',
    )
  }
  return f
}

function few<T>(f: Fields, name: string, most: number, build: (fields: Fields) => T): readonly T[] {
  const list = f.value(name)
  if (Array.isArray(list) && list.length > most) throw wrong(`there are ${list.length} ${name}`)
  return f.items(name, build)
}

function text(f: Fields, name: string, otherwise?: string): string {
  const value = f.text(name, otherwise)
  if (value.length > MOST.letters) throw wrong(`its ${name} has ${value.length} letters`)
  return value
}

function maybe(f: Fields, name: string): number | null {
  return f.has(name) ? f.number(name) : null
}

/** What stands in an object, in the order in which it was written; absent is empty. */
function named<T>(f: Fields, name: string, build: (value: unknown, place: string) => T): readonly Named<T>[] {
  const entries = f.has(name) ? Object.entries(record(f.value(name), name)) : []
  if (entries.length > MOST.entries) throw wrong(`there are ${entries.length} ${name}`)
  return entries.map(([key, value]) => ({ name: key, value: build(value, `${name}.${key}`) }))
}

function byName<T>(
  f: Fields,
  name: string,
  build: (value: unknown, place: string) => T,
): ReadonlyMap<string, T> {
  return new Map(named(f, name, build).map(({ name: key, value }) => [key, value]))
}

/** A setting as a person reads it. */
function told(value: unknown): string {
  const written = typeof value === 'string' ? value : JSON.stringify(value)
  return written.length <= 400 ? written : `${written.slice(0, 399)}…`
}

function record(value: unknown, place: string): Spec {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`${place} is no object`)
  return value as Spec
}

function wrong(what: string): RunError {
  return new RunError(
    `this lab cannot be trusted: ${what}`,
    'its answers are damaged or were not written by Onionskin; run the question again, and they are written anew',
  )
}

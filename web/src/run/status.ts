/** What a run says of itself while it grows: whether it lives, what it cost, what went wrong, what was noticed. */
import { broken } from './errors'
import { Fields } from './fields'

/** A growing run that has said nothing for this long (seconds) was killed. The recorder speaks every second. */
export const SILENCE_SECONDS = 10

/** Frames that were due and not kept. */
export interface Dropped {
  readonly why: string
  readonly count: number
  readonly first: number
  readonly last: number
}

/** Something went less well than asked: what, at which step, and the remedy. */
export interface Warned {
  readonly step: number
  readonly what: string
  readonly fix: string
}

/** One sentence of a health check, and the tensor, the moment and the number behind it. */
export interface Note {
  readonly check: string
  readonly sentence: string
  /** The index of the frame, or -1 when only the step is known. */
  readonly frame: number
  readonly step: number
  readonly tensor: string
  readonly value: number
}

export interface Status {
  readonly state: 'growing' | 'closed'
  /** When this was written, in seconds since 1970. */
  readonly updated: number
  /** Why it closed: `finished`, or the name of the exception that ended the training. */
  readonly ended: string
  /** The share of wall time that recording took, 0 to 1. */
  readonly overheadShare: number
  readonly wallSeconds: number
  readonly dropped: readonly Dropped[]
  readonly warnings: readonly Warned[]
  readonly health: readonly Note[]
  /** Whether the run keeps the model as ONNX, to be run. */
  readonly hasModel: boolean
}

export function readStatus(content: unknown): Status {
  const f = new Fields(content, 'status')
  const overhead = f.inner('overhead')
  const state = f.text('state')
  if (state !== 'growing' && state !== 'closed') throw broken(`its state is '${state}'`)
  return {
    state,
    updated: f.number('updated'),
    ended: f.text('ended', ''),
    overheadShare: overhead.number('share', 0),
    wallSeconds: overhead.number('wall', 0),
    dropped: f.items('dropped', (d) => ({
      why: d.text('why'),
      count: d.whole('count'),
      first: d.whole('first'),
      last: d.whole('last'),
    })),
    warnings: f.items('warnings', (w) => ({
      step: w.whole('step'),
      what: w.text('what'),
      fix: w.text('fix'),
    })),
    health: f.items('health', (n) => ({
      check: n.text('check'),
      sentence: n.text('sentence'),
      frame: n.number('frame'),
      step: n.whole('step'),
      tensor: n.text('tensor', ''),
      value: n.number('value'),
    })),
    hasModel: f.has('model'),
  }
}

/** Whether somebody still writes the run, at `now` seconds since 1970. */
export function isGrowing(status: Status, now: number): boolean {
  return status.state === 'growing' && now - status.updated <= SILENCE_SECONDS
}

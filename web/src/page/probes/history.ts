/**
 * What the model said of every probe, frame by frame: which were learned when, and which were forgotten.
 *
 * An example is forgotten when it was right and is wrong a frame later: Toneva et al., "An Empirical Study of Example
 * Forgetting during Deep Neural Network Learning", ICLR 2019, section 2.
 */
import { size } from '../../run/fields'
import type { Probes } from '../../run/manifest'
import type { Run } from '../../run/run'
import { bestOf, sharesOf, valuesOf, type Answers } from './answers'

/** A frame has said nothing of a probe. */
export const UNSAID = -1

/** No more than this is read of the outputs for a history (bytes); of more, every second frame, or third, … */
const MOST_READ = 64 * 2 ** 20
/** At most so much at a time, so that the page stays alive meanwhile. */
const BATCH = 4 * 2 ** 20

/** The answers of a classifier over the frames. */
export class History {
  /** The class with the largest score, (frame, probe) laid flat; `UNSAID` where there is none. */
  private best = new Int32Array()
  /** The share of the label's class, or where there are no labels of the largest, (frame, probe) laid flat. */
  private shares = new Float32Array()
  /** How many frames are known. */
  count = 0

  constructor(
    private readonly answers: Answers,
    readonly probes: Probes,
  ) {}

  /** The class that a probe was taken for in a frame; `UNSAID` where that is not known. */
  saidAt(frame: number, probe: number): number {
    return frame < this.count ? (this.best[frame * this.probes.count + probe] ?? UNSAID) : UNSAID
  }

  /** How sure it was of the right class, or without labels of its answer: 0 to 1, NaN where that is not known. */
  shareAt(frame: number, probe: number): number {
    return frame < this.count ? (this.shares[frame * this.probes.count + probe] ?? NaN) : NaN
  }

  /** Whether it was right; without labels, whether it said what it says in the end. */
  isRight(frame: number, probe: number): boolean {
    const said = this.saidAt(frame, probe)
    return said !== UNSAID && said === this.truth(probe)
  }

  /** The class that counts as right. */
  truth(probe: number): number {
    return this.probes.labels[probe] ?? this.saidAt(this.count - 1, probe)
  }

  /** Read the frames that have joined; those read before stay. */
  async grow(run: Run): Promise<void> {
    const { count } = run.frames
    const width = this.probes.outputs.reduce((sum, output) => sum + size(output.shape), 0)
    if (count <= this.count || width === 0) return
    const rowBytes = 4 * width
    const stride = Math.ceil((count * rowBytes) / MOST_READ)
    const atOnce = stride > 1 ? 1 : Math.max(1, Math.floor(BATCH / rowBytes))
    const { best, shares } = this.withRoom(count)
    let known = this.count
    for (let first = known; first < count; first += stride * atOnce) {
      const stop = Math.min(count, first + atOnce)
      const rows = await run.outputsOf(first, stop)
      if (!rows) break
      for (let frame = first; frame < stop; frame++) {
        this.read(rows.subarray((frame - first) * width, (frame - first + 1) * width), frame, best, shares)
      }
      // Frames that were passed by say what the one before them said.
      known = Math.min(count, stop + stride - 1)
      for (let frame = stop; frame < known; frame++) copyRow(frame, this.probes.count, best, shares)
    }
    this.best = best
    this.shares = shares
    this.count = known
  }

  private read(row: Float32Array, frame: number, best: Int32Array, shares: Float32Array): void {
    const { count, labels } = this.probes
    for (let probe = 0; probe < count; probe++) {
      const scores = valuesOf(this.answers, row, probe)
      const at = frame * count + probe
      best[at] = scores ? bestOf(scores) : UNSAID
      shares[at] = scores ? (sharesOf(scores)[labels[probe] ?? bestOf(scores)] ?? NaN) : NaN
    }
  }

  private withRoom(frames: number): { best: Int32Array<ArrayBuffer>; shares: Float32Array<ArrayBuffer> } {
    const length = frames * this.probes.count
    const [best, shares] = [new Int32Array(length).fill(UNSAID), new Float32Array(length).fill(NaN)]
    best.set(this.best)
    shares.set(this.shares)
    return { best, shares }
  }
}

function copyRow(frame: number, width: number, ...tables: (Int32Array | Float32Array)[]): void {
  for (const table of tables) table.copyWithin(frame * width, (frame - 1) * width, frame * width)
}

/** When a probe was learned and forgotten. */
export interface Learning {
  /** The first frame from which on it stays right to the end; -1 if it is wrong in the end. */
  readonly learned: number
  /** Every frame at which it was right before and is wrong. */
  readonly forgotten: readonly number[]
  /** Whether it was ever right. */
  readonly isEver: boolean
}

export function learningOf(history: History, probe: number): Learning {
  const forgotten: number[] = []
  let learned = -1
  let isEver = false
  for (let frame = 0; frame < history.count; frame++) {
    const isRight = history.isRight(frame, probe)
    if (isRight && learned < 0) learned = frame
    if (!isRight && learned >= 0) {
      forgotten.push(frame)
      learned = -1
    }
    isEver ||= isRight
  }
  return { learned, forgotten, isEver }
}

/** How many probes of each class are taken for each, (label, said) laid flat; null without labels. */
export function confusionOf(history: History, frame: number, classes: number): Int32Array | null {
  const { labels, count } = history.probes
  if (labels.length === 0) return null
  const table = new Int32Array(classes * classes)
  for (let probe = 0; probe < count; probe++) {
    const [label, said] = [labels[probe] ?? -1, history.saidAt(frame, probe)]
    const at = label * classes + said
    if (label >= 0 && said >= 0 && said < classes && label < classes) table[at] = (table[at] ?? 0) + 1
  }
  return table
}

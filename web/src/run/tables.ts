/** The tables of a run that are read whole: its frames, their statistics, and the scalars of every step. */
import type { RunArray } from './array'
import { broken } from './errors'
import { Fields } from './fields'
import { STATISTICS, type Statistic } from './manifest'

/** A recorder spaces frames by its budget: nobody has recorded more. A run that claims so is not read. */
const MOST_FRAMES = 1_000_000

const COLUMN = Object.fromEntries(STATISTICS.map((name, i) => [name, i])) as Record<Statistic, number>

/** Step, time (s since the start) and cost (s) of every frame. */
export class FrameTable {
  private steps: number[] = []
  private times: number[] = []

  get count(): number {
    return this.steps.length
  }

  step(frame: number): number {
    return this.steps[frame] ?? 0
  }

  time(frame: number): number {
    return this.times[frame] ?? 0
  }

  /** The frame whose step is nearest; -1 when there is none. */
  nearest(step: number): number {
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.step(middle) < step) low = middle + 1
      else high = middle
    }
    const before = low - 1
    return before >= 0 && step - this.step(before) < this.step(low) - step ? before : high
  }

  /** Read the rows that have joined. The array says how many frames there are. */
  async grow(array: RunArray): Promise<void> {
    const [rows = 0] = array.shape
    if (rows > MOST_FRAMES) throw broken(`it says that it has ${rows.toLocaleString('en')} frames`)
    const first = this.count
    if (rows <= first) return
    array.forget() // rows share a chunk, which is replaced when one joins
    const table = await array.rows(first, rows)
    if (array.width !== 3) throw broken('its frames have no step, time and cost')
    const steps = [...this.steps]
    const times = [...this.times]
    for (let i = 0; i < rows - first; i++) {
      const step = table[3 * i] ?? NaN
      if (!(step > (steps.at(-1) ?? -1)) || !Number.isFinite(step)) {
        throw broken('its frames are not in the order of their steps')
      }
      steps.push(step)
      times.push(table[3 * i + 1] ?? 0)
    }
    this.steps = steps
    this.times = times
  }
}

/** The statistics of every tensor at every frame. */
export class StatisticsTable {
  private frames: readonly Float32Array[] = []
  /** Single frames that were asked for before all were read. */
  private readonly single = new Map<number, Float32Array>()
  private width = 0

  /** NaN where the frame has none, or is not known yet. */
  at(frame: number, tensor: number, statistic: Statistic): number {
    const row = this.frames[frame] ?? this.single.get(frame)
    return row?.[tensor * STATISTICS.length + COLUMN[statistic]] ?? NaN
  }

  has(frame: number): boolean {
    return frame < this.frames.length || this.single.has(frame)
  }

  /** How many frames it knows, from the first on. */
  get count(): number {
    return this.frames.length
  }

  /** Read one frame before the others. */
  async take(array: RunArray, frame: number): Promise<void> {
    this.single.set(frame, ownedBy(await this.rowsOf(array, frame, frame + 1)))
  }

  /** Read the rows that have joined, up to `frames`. */
  async grow(array: RunArray, frames: number): Promise<void> {
    const { width } = array
    // A row may have been read before it was known that tensors had joined it.
    const known = width > this.width ? [] : this.frames
    const first = known.length
    if (frames <= first) return
    const rows = ownedBy(await this.rowsOf(array, first, frames))
    const joined = Array.from({ length: frames - first }, (_, i) => rows.subarray(i * width, (i + 1) * width))
    this.frames = [...known, ...joined]
    this.width = width
    this.single.clear()
  }

  private async rowsOf(array: RunArray, first: number, stop: number): Promise<Float32Array> {
    const [, , columns = 0] = array.shape
    if (columns !== STATISTICS.length) throw broken(`its statistics have ${columns} columns`)
    const rows = await array.rows(first, stop)
    if (!(rows instanceof Float32Array)) throw broken('its statistics are not float32')
    return rows
  }
}

/** Rows by themselves: a part of a chunk would keep all of the chunk, for every frame that joined it. */
function ownedBy(rows: Float32Array): Float32Array {
  return rows.byteLength < rows.buffer.byteLength ? rows.slice() : rows
}

/** Of the scale of each tensor over all frames: the usual one (the middle of those above 0), and the largest. */
export interface Scales {
  readonly usual: readonly number[]
  readonly largest: readonly number[]
}

/** What the recorder wrote beside the statistics when it closed the run; null in runs that have none. */
export function readScales(attributes: unknown, tensors: number): Scales | null {
  const f = new Fields(attributes, 'statistics.attributes')
  if (!f.has('scales')) return null
  const scales = f.inner('scales')
  const [usual, largest] = [scales.numbers('usual'), scales.numbers('largest')]
  return usual.length === tensors && largest.length === tensors ? { usual, largest } : null
}

/** The scalars of every step, by name. NaN where a name was not logged. */
export class ScalarTable {
  private columns = new Map<string, Float64Array<ArrayBuffer>>()
  private length = 0

  get names(): readonly string[] {
    return [...this.columns.keys()]
  }

  /** How many steps it knows, from step 0 on. */
  get steps(): number {
    return this.length
  }

  /** One scalar at every step; empty where there is none of this name. */
  column(name: string): Float64Array {
    return this.columns.get(name)?.subarray(0, this.length) ?? new Float64Array()
  }

  /**
   * Read what has joined.
   *
   * @param again - How many of the steps known already to read again: values may arrive late.
   */
  async grow(array: RunArray, again: number): Promise<void> {
    const [rows = 0, width = 0] = array.shape
    const names = new Fields(array.attributes, 'scalars.attributes').texts('names')
    if (names.length !== width) throw broken(`it has ${width} scalars and ${names.length} names for them`)
    const first = Math.max(0, Math.min(rows, this.length) - again)
    array.forget()
    const table = await array.rows(first, rows)
    for (const [i, name] of names.entries()) {
      const column = withRoom(this.columns.get(name), this.length, rows)
      for (let row = first; row < rows; row++) column[row] = table[(row - first) * width + i] ?? NaN
      this.columns.set(name, column)
    }
    this.length = Math.max(this.length, rows)
  }
}

/** The column, or a larger copy of it: it doubles, so that a run that grows for hours is not copied every second. */
function withRoom(column: Float64Array<ArrayBuffer> | undefined, length: number, needed: number) {
  if (column && column.length >= needed) return column
  const larger = new Float64Array(Math.max(needed, 2 * (column?.length ?? 0))).fill(NaN)
  if (column) larger.set(column.subarray(0, length))
  return larger
}

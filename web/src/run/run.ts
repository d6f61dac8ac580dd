/** One recorded training, growing or finished, read from wherever it lies. */
import { RunArray, type Caches } from './array'
import { ByteCache } from './cache'
import { broken, RunError } from './errors'
import { readAttributes } from './attributes'
import { codesOf, partOf, type Frame } from './frame'
import { size } from './fields'
import { readManifest, type Manifest, type Role } from './manifest'
import { spaceOf, type SpaceRow } from './space'
import { isGrowing, readStatus, type Status } from './status'
import type { Store } from './store'
import { FrameTable, readScales, ScalarTable, StatisticsTable, type Scales } from './tables'
import type { Values } from './values'

export { codesIn, partOf, scaleIn, type Frame } from './frame'

/** What is kept of what was read (bytes): shards as they are on disk, and inflated chunks. */
const KEPT_SHARDS = 96 * 2 ** 20
const KEPT_CHUNKS = 48 * 2 ** 20

/** Of exact weights less is kept: whoever goes through those of all frames must not push out the pictures. */
const KEPT_EXACT = 16 * 2 ** 20

/** A value of a scalar may arrive this many steps late: so far back a growing run is read again. */
const LATE_STEPS = 2048

/** Arrays that every refresh looks at, and those that never change. */
const EAGER = new Set(['frames', 'scalars'])
const INPUTS = 'probes/input/'
const SPACE = ['space/maps', 'space/scales'] as const

/** What the first picture is made of: looked for while the tables are read. */
const EARLY: readonly Role[] = ['weight', 'activation']

/** Seconds since a run was closed in which some of it may have been read before, and some after. */
const JUST_CLOSED = 60

/** What is asked for of a frame. */
export type Part = Role | 'space'

export class Run {
  readonly frames = new FrameTable()
  readonly statistics = new StatisticsTable()
  readonly scalars = new ScalarTable()
  /** What a closed run says of the scales of all its frames; null where that has to be seen from its statistics. */
  scales: Scales | null = null
  private readonly caches: Caches
  private readonly exactCaches: Caches = {
    shards: new ByteCache(KEPT_EXACT),
    chunks: new ByteCache(KEPT_EXACT),
  }
  private readonly arrays = new Map<string, RunArray>()
  private manifestNow: Manifest | null = null
  private manifestText = ''
  private statusNow: Status | null = null

  private constructor(
    readonly store: Store,
    share: number,
  ) {
    this.caches = { shards: new ByteCache(share * KEPT_SHARDS), chunks: new ByteCache(share * KEPT_CHUNKS) }
  }

  /**
   * Open the run in a store.
   *
   * @param share - Of the memory that a run may keep: less of each where several are open.
   * @throws RunError - It is no run, has a newer format, or is damaged.
   */
  static async open(store: Store, share = 1): Promise<Run> {
    const run = new Run(store, share)
    await run.refresh()
    const { state, updated } = run.status
    if (state === 'closed' && Date.now() / 1000 - updated < JUST_CLOSED) await run.refresh()
    return run
  }

  get manifest(): Manifest {
    if (!this.manifestNow) throw new Error('refresh() has not run')
    return this.manifestNow
  }

  get status(): Status {
    if (!this.statusNow) throw new Error('refresh() has not run')
    return this.statusNow
  }

  /** Whether somebody still records it, at `now` seconds since 1970. */
  isGrowing(now: number): boolean {
    return isGrowing(this.status, now)
  }

  /** How many bytes of pictures are held. */
  get keptBytes(): number {
    const { caches, exactCaches } = this
    return [caches, exactCaches].reduce((sum, { shards, chunks }) => sum + shards.bytes + chunks.bytes, 0)
  }

  /** Read what a growing run has added. What was read before stays as it was. */
  async refresh(): Promise<void> {
    const before = this.statusNow
    const { manifest, status, frames, scalars } = await this.heads()
    const text = JSON.stringify(manifest)
    if (text !== this.manifestText) this.manifestNow = readManifest(manifest)
    const now = readStatus(status)
    const isClosed = now.state === 'closed'
    // On closing, arrays are cut to their length and packed; a new manifest may make them wider.
    const isChanged = text !== this.manifestText || (isClosed && before?.state !== 'closed')
    this.manifestText = text
    await Promise.all([
      frames?.shape[0] && !before ? this.openEarly() : null,
      frames && this.frames.grow(frames),
      scalars && this.scalars.grow(scalars, isClosed ? Infinity : LATE_STEPS),
    ])
    this.statusNow = now // from here on it is known how many rows every other array has
    if (before) await this.reopenArrays(isChanged)
    await this.growStatistics(isClosed)
  }

  /** Read the statistics of all frames, where opening has left them for later. Returns whether it had. */
  async readStatistics(): Promise<boolean> {
    if (!this.scales || this.statistics.count >= this.frames.count) return false
    const array = await this.array('statistics')
    if (!array) return false
    await this.statistics.grow(array, this.frames.count)
    array.forget() // the table has them all; what is kept of files is for pictures
    return true
  }

  /** Read one frame: the codes of these roles, the probes' outputs, and the input space if it is asked for. */
  async frame(index: number, parts: readonly Part[]): Promise<Frame> {
    this.check(index)
    const hasSpace = this.hasSpace(parts)
    const [rows, outputs, maps, scales] = await Promise.all([
      Promise.all(
        this.rolesOf(parts).map(
          async (role) => [role, codesOf(await this.row(`pictures/${role}`, index), role)] as const,
        ),
      ),
      this.manifest.probes.outputs.length ? this.row('probes/outputs', index) : null,
      hasSpace ? this.row('space/maps', index) : null,
      hasSpace ? this.row('space/scales', index) : null,
      this.statisticsOf(index),
    ])
    return this.makeFrame(index, rows, outputs, spaceOf(this.manifest.space, maps, scales))
  }

  /** The same at once, if everything is kept; else null. */
  frameNow(index: number, parts: readonly Part[]): Frame | null {
    this.check(index)
    if (this.scales && !this.statistics.has(index)) return null
    const rows: [Role, Int16Array | null][] = []
    for (const role of this.rolesOf(parts)) {
      const row = this.rowNow(`pictures/${role}`, index)
      if (row === undefined) return null
      rows.push([role, codesOf(row, role)])
    }
    const outputs = this.manifest.probes.outputs.length ? this.rowNow('probes/outputs', index) : null
    const [maps, scales] = SPACE.map((name) => (this.hasSpace(parts) ? this.rowNow(name, index) : null))
    if (outputs === undefined || maps === undefined || scales === undefined) return null
    return this.makeFrame(index, rows, outputs, spaceOf(this.manifest.space, maps, scales))
  }

  /** The inputs of the probes, each (probe, …) laid flat. */
  async inputs(): Promise<Values[]> {
    return Promise.all(
      this.manifest.probes.inputs.map(async (entry, i) => {
        const array = await this.array(`${INPUTS}${i}`)
        if (!array) throw broken(`the probes' input '${entry.name}' is missing`)
        const values = await array.rows(0, array.shape[0] ?? 1)
        if (values.length !== size(entry.shape))
          throw broken(`the probes' input '${entry.name}' is cut short`)
        return values
      }),
    )
  }

  /** The flat rows of the probes' outputs of frames `first` to `stop`, end to end; null where the run has none. */
  async outputsOf(first: number, stop: number): Promise<Float32Array | null> {
    return this.manifest.probes.outputs.length ? this.floatRows('probes/outputs', first, stop) : null
  }

  /** The same of the embedding: (frame, probe, value) laid flat. */
  async embeddingsOf(first: number, stop: number): Promise<Float32Array | null> {
    return this.manifest.probes.embedding ? this.floatRows('probes/embedding', first, stop) : null
  }

  /** The scales of the maps of the input space at frames `first` to `stop`, end to end; null where the run has none. */
  async spaceScalesOf(first: number, stop: number): Promise<Float32Array | null> {
    return this.manifest.space ? this.floatRows('space/scales', first, stop) : null
  }

  /** The input of the last linear layer at a frame, (probe, value) laid flat; null where it was not followed. */
  async embedding(frame: number): Promise<Float32Array | null> {
    this.check(frame)
    const { embedding } = this.manifest.probes
    if (!embedding) return null
    const row = await this.row('probes/embedding', frame)
    return row instanceof Float32Array ? partOf(row, embedding) : null
  }

  /** The whole state dict at a frame, for a model small enough to keep it. */
  async exact(frame: number): Promise<Map<string, { shape: readonly number[]; values: Values }>> {
    this.check(frame)
    const { exact, model } = this.manifest
    if (!exact.length) {
      throw new RunError(
        `this run keeps no exact weights: its model has ${model.parameters.toLocaleString('en')} parameters`,
        'they are kept for models of up to 100,000 parameters; look at the pictures instead',
      )
    }
    const rowOf = (name: 'float32' | 'float64') =>
      exact.some(({ array }) => array === name) ? this.row(`exact/${name}`, frame) : null
    const [float32, float64] = await Promise.all([rowOf('float32'), rowOf('float64')])
    const rows = { float32, float64 }
    const state = new Map<string, { shape: readonly number[]; values: Values }>()
    for (const entry of exact) {
      const values = rows[entry.array]?.subarray(entry.offset, entry.offset + entry.count)
      if (values?.length !== entry.count) throw broken(`the exact values of '${entry.name}' are cut short`)
      state.set(entry.name, { shape: entry.shape, values })
    }
    return state
  }

  /** The roles among what is asked for that the run has. */
  private rolesOf(parts: readonly Part[]): readonly Role[] {
    return parts.filter((part): part is Role => part !== 'space' && this.hasRole(part))
  }

  private hasSpace(parts: readonly Part[]): boolean {
    return parts.includes('space') && this.manifest.space !== null
  }

  /** The model as ONNX; null where the run keeps none. */
  async model(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.status.hasModel ? this.store.read('model.onnx') : null
  }

  /** Whether the run has tensors of a role: of others there is no array to ask for. */
  private hasRole(role: Role): boolean {
    return this.manifest.tensors.some((tensor) => tensor.role === role)
  }

  /**
   * What a refresh looks at first. Opening asks for all of it at once, since every file that waits for another costs
   * its whole way. Of a growing run the status comes first: when it says that the run is closed, what is read later is
   * whole.
   */
  private async heads() {
    const said = Promise.all([
      readAttributes(this.store, '', 'onionskin'),
      readAttributes(this.store, 'status', 'status'),
    ])
    if (this.statusNow) await said
    const [[manifest, status], frames, scalars] = await Promise.all([
      said,
      this.freshArray('frames'),
      this.freshArray('scalars'),
    ])
    return { manifest, status, frames, scalars }
  }

  private async openEarly(): Promise<void> {
    const { probes, tensors } = this.manifest
    const names = EARLY.filter((role) => this.hasRole(role)).map((role) => `pictures/${role}`)
    if (tensors.length) names.push('statistics')
    if (probes.outputs.length) names.push('probes/outputs')
    await Promise.all(names.map((name) => this.array(name)))
  }

  /** Read the statistics that joined; of a closed run that says where its scales end, only when they are asked for. */
  private async growStatistics(isClosed: boolean): Promise<void> {
    if (!this.frames.count || !this.manifest.tensors.length) return
    const array = await this.array('statistics')
    if (!array) return
    this.scales = isClosed ? readScales(array.attributes, this.manifest.tensors.length) : null
    if (!this.scales || this.statistics.count) await this.statistics.grow(array, this.frames.count)
  }

  /** A frame's statistics, which say what its codes are worth, where those of all frames are not read yet. */
  private async statisticsOf(index: number): Promise<void> {
    if (!this.scales || this.statistics.has(index)) return
    const array = await this.array('statistics')
    if (array) await this.statistics.take(array, index)
  }

  /**
   * Declared shapes run ahead of the frames: an array is looked at again only when it was overtaken, or while it is
   * narrower than the manifest says, which tells of new tensors before they are written.
   */
  private async reopenArrays(isChanged: boolean): Promise<void> {
    const widths = this.widths()
    const behind = [...this.arrays.entries()].filter(
      ([name, array]) =>
        !EAGER.has(name) &&
        !name.startsWith(INPUTS) &&
        (isChanged ||
          (array.shape[0] ?? 0) < this.frames.count ||
          (array.shape[1] ?? 0) < (widths.get(name) ?? 0)),
    )
    await Promise.all(behind.map(([, array]) => array.reopen()))
  }

  /** How wide the arrays are that tensors join. */
  private widths(): ReadonlyMap<string, number> {
    const { tensors } = this.manifest
    const widths = new Map([['statistics', tensors.length]])
    for (const { role, offset, count } of tensors) {
      const name = `pictures/${role}`
      widths.set(name, Math.max(widths.get(name) ?? 0, offset + count))
    }
    return widths
  }

  private async freshArray(name: string): Promise<RunArray | null> {
    await this.arrays.get(name)?.reopen()
    return this.array(name)
  }

  private async floatRows(name: string, first: number, stop: number): Promise<Float32Array | null> {
    const array = await this.array(name)
    if (!array || stop > (array.shape[0] ?? 0)) return null
    const rows = await array.rows(first, stop)
    return rows instanceof Float32Array ? rows : null
  }

  /** The row of an array; null where the run has no such array, or it has no such row. */
  private async row(name: string, row: number): Promise<Values | null> {
    const array = await this.array(name)
    return array && row < (array.shape[0] ?? 0) ? array.rows(row, row + 1) : null
  }

  /** The same at once: undefined where it has to be fetched. */
  private rowNow(name: string, row: number): Values | null | undefined {
    const array = this.arrays.get(name)
    if (!array) return this.absent.has(name) ? null : undefined
    return row < (array.shape[0] ?? 0) ? (array.rowNow(row) ?? undefined) : null
  }

  /** Arrays that a closed run does not have. */
  private readonly absent = new Set<string>()

  /** An array by its name; null where the run has none. */
  async array(name: string): Promise<RunArray | null> {
    const open = this.arrays.get(name)
    if (open) return open
    if (this.absent.has(name)) return null
    const caches = name.startsWith('exact/') ? this.exactCaches : this.caches
    const array = await RunArray.open(this.store, name, caches, () => this.settledRows(name))
    if (array) this.arrays.set(name, this.arrays.get(name) ?? array)
    else if (this.statusNow?.state === 'closed') this.absent.add(name)
    return this.arrays.get(name) ?? null
  }

  /** How many rows of an array are known to be written: `frames` is written last, and reveals the others. */
  private settledRows(name: string): number {
    if (this.statusNow?.state === 'closed') return Infinity
    return name === 'frames' || name === 'scalars' || name.startsWith('probes/input/')
      ? Infinity
      : this.frames.count
  }

  private check(frame: number): void {
    if (frame >= 0 && frame < this.frames.count) return
    throw new RunError(
      `there is no frame ${frame}`,
      `this run has ${this.frames.count} frames, counted from 0`,
    )
  }

  private makeFrame(
    index: number,
    rows: readonly (readonly [Role, Int16Array | null])[],
    outputs: Values | null,
    space: SpaceRow | null,
  ): Frame {
    return {
      index,
      step: this.frames.step(index),
      time: this.frames.time(index),
      codes: Object.fromEntries(rows),
      outputs: outputs instanceof Float32Array ? outputs : null,
      space,
    }
  }
}

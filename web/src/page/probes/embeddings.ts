/** Where every probe stands on one fixed plane, frame by frame: the input of the last linear layer, projected. */
import { size } from '../../run/fields'
import type { ProbeArray } from '../../run/manifest'
import type { Run } from '../../run/run'
import type { Bounds } from '../../pictures/scatter'
import { project, projectionOf, type Projection } from './projection'

/** No more than this is read of the embeddings (bytes); of more frames, every second, or third, … */
const MOST_READ = 64 * 2 ** 20
const BATCH = 4 * 2 ** 20
/** The plane comes from so many frames, spread over the run. */
const FRAMES_FOR_PLANE = 40
/** The plane of a growing run is laid again when it has so many times the frames. */
const DOUBLED = 2

export class Embeddings {
  projection: Projection | null = null
  bounds: Bounds = { left: -1, right: 1, bottom: -1, top: 1 }
  count = 0
  private places = new Float32Array()
  private frozenAt = 0

  constructor(
    private readonly entry: ProbeArray,
    readonly probes: number,
  ) {}

  /** Where a probe stands in a frame; NaN where that is not known. */
  at(frame: number, probe: number): readonly [number, number] {
    if (frame >= this.count) return [NaN, NaN]
    const at = 2 * (frame * this.probes + probe)
    return [this.places[at] ?? NaN, this.places[at + 1] ?? NaN]
  }

  /** Its way from one frame to another, x and y in turn. */
  way(from: number, to: number, probe: number): Float32Array {
    const way = new Float32Array(2 * Math.max(0, to - from + 1))
    for (let frame = from; frame <= to; frame++) way.set(this.at(frame, probe), 2 * (frame - from))
    return way
  }

  /** Read the frames that have joined. While a run grows its plane stays, until it has twice the frames. */
  async grow(run: Run, isGrowing: boolean): Promise<void> {
    const { count } = run.frames
    const isStale = !isGrowing || count >= DOUBLED * this.frozenAt
    if (count === this.count && (!isStale || this.frozenAt === count)) return
    if (!this.projection || (isStale && this.frozenAt !== count)) {
      this.projection = await this.planeOf(run, count)
      this.frozenAt = count
      this.count = 0
    }
    if (this.projection) await this.read(run, count, this.projection)
    this.count = count
    if (this.frozenAt === count) this.bounds = boundsOf(this.places)
  }

  private async planeOf(run: Run, count: number): Promise<Projection | null> {
    const width = this.width
    const stride = Math.max(1, Math.ceil(count / FRAMES_FOR_PLANE))
    const rows: number[] = []
    for (let frame = 0; frame < count; frame += stride) {
      const row = await run.embeddingsOf(frame, frame + 1)
      if (row) rows.push(...row)
    }
    return projectionOf(Float32Array.from(rows), width)
  }

  private get width(): number {
    return size(this.entry.shape.slice(1))
  }

  private async read(run: Run, count: number, projection: Projection): Promise<void> {
    const [width, rowBytes] = [this.width, 4 * size(this.entry.shape)]
    const places = new Float32Array(2 * count * this.probes).fill(NaN)
    places.set(this.places.subarray(0, 2 * this.count * this.probes))
    const stride = Math.max(1, Math.ceil((count * rowBytes) / MOST_READ))
    const atOnce = stride > 1 ? 1 : Math.max(1, Math.floor(BATCH / Math.max(1, rowBytes)))
    for (let first = this.count; first < count; first += stride * atOnce) {
      const stop = Math.min(count, first + atOnce)
      const rows = await run.embeddingsOf(first, stop)
      if (!rows) break
      for (let n = 0; n < (stop - first) * this.probes; n++) {
        const at = 2 * (first * this.probes + n)
        places.set(project(projection, rows.subarray(n * width, (n + 1) * width)), at)
      }
      for (let frame = stop; frame < Math.min(count, stop + stride - 1); frame++) {
        places.copyWithin(2 * frame * this.probes, 2 * (frame - 1) * this.probes, 2 * frame * this.probes)
      }
    }
    this.places = places
  }
}

/** What holds all places; a few that flew far away do not make the rest a speck. */
function boundsOf(places: Float32Array): Bounds {
  const [xs, ys] = [0, 1].map((axis) =>
    places.filter((value, i) => i % 2 === axis && Number.isFinite(value)).sort(),
  )
  const range = (values: Float32Array | undefined): readonly [number, number] => {
    if (!values?.length) return [-1, 1]
    const low = values[Math.floor(0.005 * (values.length - 1))] ?? -1
    const high = values[Math.ceil(0.995 * (values.length - 1))] ?? 1
    const pad = 0.04 * (high - low) || 1
    return [low - pad, high + pad]
  }
  const [left, right] = range(xs)
  const [bottom, top] = range(ys)
  return { left, right, bottom, top }
}

/**
 * One tensor at moments spread evenly over the run: what ridges and films are made of.
 *
 * Every n-th frame, n a power of two, and the newest: as a run grows the moments that are known stay, and when there are
 * twice as many every second one is let go. None is read twice.
 */
import { RunError } from '../../run/errors'
import type { TensorEntry } from '../../run/manifest'
import { codesIn, type Run } from '../../run/run'
import { unexpected } from '../clock.svelte'

export interface Moment {
  readonly frame: number
  readonly step: number
  readonly codes: Int16Array
  readonly scale: number
}

/** At most so many moments, and of a very wide run fewer: no more than this is inflated for them (bytes). */
const MOST = 40
const LEAST = 8
const MOST_READ = 24 * 2 ** 20
/** So many frames are asked for at once. */
const AT_ONCE = 4

export class Moments {
  /** In the order of time. */
  list = $state.raw<readonly Moment[]>([])
  isReading = $state(false)
  trouble = $state.raw<RunError | null>(null)
  private isClosed = false

  constructor(
    private readonly run: Run,
    private readonly tensor: TensorEntry,
  ) {}

  /** Read the moments that are missing. */
  async grow(): Promise<void> {
    if (this.isReading || this.isClosed) return
    this.isReading = true
    try {
      const { count } = this.run.frames
      const wanted = framesOf(count, mostOf(this.run, this.tensor))
      let known = this.list
      for (let i = 0; i < wanted.length && !this.isStopped(); i += AT_ONCE) {
        const missing = wanted
          .slice(i, i + AT_ONCE)
          .filter((frame) => !this.list.some((moment) => moment.frame === frame))
        const read = await Promise.all(missing.map((frame) => this.read(frame)))
        known = [...known, ...read.filter((moment) => moment !== null)]
      }
      if (this.isStopped()) return
      const isWanted = ({ frame }: Moment) => wanted.includes(frame)
      this.list = known.filter(isWanted).sort((a, b) => a.frame - b.frame)
    } catch (error) {
      this.trouble = error instanceof RunError ? error : unexpected(error)
    } finally {
      this.isReading = false
    }
  }

  /** Nobody looks at it any more. */
  close(): void {
    this.isClosed = true
  }

  private isStopped(): boolean {
    return this.isClosed
  }

  private async read(index: number): Promise<Moment | null> {
    const frame = await this.run.frame(index, [this.tensor.role])
    const codes = codesIn(frame, this.tensor, this.run)
    const scale = this.run.statistics.at(index, this.tensor.index, 'scale')
    return codes && { frame: index, step: frame.step, codes: codes.slice(), scale }
  }
}

/** Every n-th frame from the first on, so that there are at most `most`, and the newest. */
export function framesOf(count: number, most: number): readonly number[] {
  let stride = 1
  while (Math.ceil(count / stride) > most - 1) stride *= 2
  const frames = Array.from({ length: Math.ceil(count / stride) }, (_, i) => i * stride)
  return frames.at(-1) === count - 1 || count === 0 ? frames : [...frames, count - 1]
}

function mostOf(run: Run, { role }: TensorEntry): number {
  const width = run.manifest.tensors.reduce(
    (most, tensor) => (tensor.role === role ? Math.max(most, tensor.offset + tensor.count) : most),
    1,
  )
  return Math.max(LEAST, Math.min(MOST, Math.floor(MOST_READ / (2 * width))))
}

/**
 * Where steps stand on the scrubber. Frames are dense early, where most is learned, and a hand has to find them: the
 * axis is half by steps and half by frames. Where frames are evenly spaced, that is by steps alone.
 */
export class Axis {
  /** Steps and their places from 0 to 1, both rising. */
  private readonly steps: readonly number[]
  private readonly places: readonly number[]

  /** @param frames - The steps of the frames, rising. */
  constructor(
    frames: readonly number[],
    readonly lastStep: number,
    private readonly left: number,
    private readonly width: number,
    readonly firstStep = 0,
  ) {
    const known = [...new Set([firstStep, ...frames, lastStep])].filter(
      (step) => step >= firstStep && step <= lastStep,
    )
    const end = Math.max(1, known.length - 1)
    const span = Math.max(1, lastStep - firstStep)
    this.steps = known
    this.places = known.map((step, i) => ((step - firstStep) / span + i / end) / 2)
  }

  /** The x of a step. */
  x(step: number): number {
    return this.left + this.width * interpolated(this.steps, this.places, step)
  }

  /** The step at an x. */
  step(x: number): number {
    return interpolated(this.places, this.steps, (x - this.left) / Math.max(1, this.width))
  }

  /** Round steps to write below the axis, at least so far apart. */
  labels(apart: number): number[] {
    const found = [this.firstStep]
    const last = () => found.at(-1) ?? 0
    // Round in the run, but in a short span of a long one by the span's own round distances.
    const unit = 10 ** Math.floor(Math.log10(Math.max(1, (this.lastStep - this.firstStep) / 10)))
    let step = this.firstStep === 0 ? 1 : (Math.floor(this.firstStep / unit) + 1) * unit
    while (step < this.lastStep) {
      const isRoom = this.x(step) - this.x(last()) >= apart && this.x(this.lastStep) - this.x(step) >= apart
      if (isRoom) found.push(step)
      step = this.firstStep === 0 ? nextRound(step) : step + unit
    }
    return this.lastStep > this.firstStep ? [...found, this.lastStep] : found
  }
}

/** 1, 2, 5, 10, 20, 50, … and from a thousand on every thousand of its decade. */
function nextRound(step: number): number {
  const decade = 10 ** Math.floor(Math.log10(step) + 1e-9)
  const first = Math.round(step / decade)
  if (decade >= 1000) return (first + 1) * decade
  return first < 2 ? 2 * decade : first < 5 ? 5 * decade : 10 * decade
}

function interpolated(from: readonly number[], to: readonly number[], value: number): number {
  let low = 0
  let high = from.length - 1
  if (value <= (from[0] ?? 0)) return to[0] ?? 0
  if (value >= (from[high] ?? 0)) return to[high] ?? 0
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((from[middle] ?? 0) <= value) low = middle
    else high = middle
  }
  const [a, b] = [from[low] ?? 0, from[high] ?? 0]
  const share = b > a ? (value - a) / (b - a) : 0
  return (to[low] ?? 0) + share * ((to[high] ?? 0) - (to[low] ?? 0))
}

/** Whether the model that runs here says of the probes what was recorded, at every frame. */
import { RunError } from '../../run/errors'
import { unexpected } from '../clock.svelte'
import { whenIdle } from './idle'
import type { RunModel } from './model'

export class Agreement {
  readonly count: number
  /** How many frames were looked at, and at how many of them it agrees. */
  checked = $state(0)
  agreeing = $state(0)
  /** The largest difference of two values at any frame. */
  largest = $state(0)
  /** The frame where it differs the most of those where that is too much; -1 for none. */
  worst = $state(-1)
  private worstBy = 0
  trouble = $state.raw<RunError | null>(null)
  private isClosed = false
  private isRunning = false

  constructor(private readonly model: RunModel) {
    this.count = model.run.frames.count
  }

  /** Look at all frames, one whenever the page is idle. Goes on where it was stopped. */
  async check(): Promise<void> {
    this.isClosed = false
    if (this.isRunning) return
    this.isRunning = true
    try {
      while (this.checked < this.count) {
        await whenIdle()
        if (this.isStopped()) break
        const { largest, isTolerated } = await this.model.differenceAt(this.checked)
        this.largest = Math.max(this.largest, largest)
        if (isTolerated) this.agreeing++
        else if (largest > this.worstBy) {
          this.worst = this.checked
          this.worstBy = largest
        }
        this.checked++
      }
    } catch (error) {
      this.trouble = error instanceof RunError ? error : unexpected(error)
    } finally {
      this.isRunning = false
    }
  }

  stop(): void {
    this.isClosed = true
  }

  private isStopped(): boolean {
    return this.isClosed
  }
}

/** What the network would have said of one input at other frames: a few at first, then ever more in between. */
import { RunError } from '../../run/errors'
import type { Values } from '../../run/values'
import { unexpected } from '../clock.svelte'
import { coarseFirst, whenIdle } from './idle'
import type { RunModel, Said } from './model'

/** Frames that are looked at, of a run that has more. */
const MOST_FRAMES = 200

export class OverTime {
  /** What was said at which frame, in no order. It belongs to the inputs that were given last. */
  said = $state.raw<readonly (readonly [frame: number, said: Said])[]>([])
  trouble = $state.raw<RunError | null>(null)
  private ticket = 0

  constructor(private readonly model: RunModel) {}

  /** How many frames are looked at in the end. */
  get most(): number {
    return Math.min(MOST_FRAMES, this.model.run.frames.count)
  }

  /** Forget what is known, and ask of these inputs, whenever the page is idle. */
  async ask(inputs: readonly Values[], probe: number): Promise<void> {
    const ticket = ++this.ticket
    this.said = []
    try {
      for (const frame of coarseFirst(this.model.run.frames.count, MOST_FRAMES)) {
        await whenIdle()
        if (this.isOver(ticket)) return
        const said = await this.model.sayOf(frame, inputs, probe, true)
        if (this.isOver(ticket)) return
        this.said = [...this.said, [frame, said]]
      }
      this.trouble = null
    } catch (error) {
      this.trouble = error instanceof RunError ? error : unexpected(error)
    }
  }

  stop(): void {
    this.ticket++
  }

  private isOver(ticket: number): boolean {
    return ticket !== this.ticket
  }
}

/** An input of the viewer's own: what it is, and what the network makes of it at the frame that is shown. */
import { RunError } from '../../run/errors'
import type { Frame } from '../../run/run'
import type { Values } from '../../run/values'
import { unexpected, type Shown } from '../clock.svelte'
import { withOwn } from './compose'
import type { RunModel, Said } from './model'

interface Wanted {
  readonly shown: Shown
  readonly probe: number
  readonly inputs: readonly Values[]
}

interface Done extends Wanted {
  readonly said: Said
}

export class Own {
  /** One example of each input. */
  inputs = $state.raw<readonly Values[]>([])
  /** The probe that it was begun from; -1 for none. */
  from = $state(-1)
  /** Whether it is no more what it was begun from. */
  isChanged = $state(false)
  trouble = $state.raw<RunError | null>(null)
  private done = $state.raw<Done | null>(null)
  private wanted: Wanted | null = null
  private isRunning = false

  constructor(readonly model: RunModel) {}

  /** What the page shows: frame and answer belong together, so the frame waits for its answer. */
  get shown(): Shown | null {
    return this.done?.shown ?? null
  }

  /** The inputs that are answered in what is shown. */
  get shownInputs(): readonly Values[] {
    return this.done?.inputs ?? []
  }

  get said(): Said | null {
    return this.done?.said ?? null
  }

  /** Begin with the input of a probe. */
  begin(probe: number, inputs: readonly Values[]): void {
    this.from = probe
    this.inputs = inputs
    this.isChanged = false
  }

  change(inputs: readonly Values[]): void {
    this.inputs = inputs
    this.isChanged = true
  }

  /** Answer for what is shown now. While it runs, of all that is asked only the last is kept: there is no queue. */
  follow(shown: Shown | null, probe: number): void {
    const { inputs } = this
    if (!shown || inputs.length === 0) return
    this.wanted = { shown, probe, inputs }
    if (!this.isRunning) void this.work()
  }

  private async work(): Promise<void> {
    this.isRunning = true
    while (this.wanted) {
      const now = this.wanted
      this.wanted = null
      try {
        this.done = await this.answer(now)
        this.trouble = null
      } catch (error) {
        this.trouble = error instanceof RunError ? error : unexpected(error)
        this.done = null
      }
    }
    this.isRunning = false
  }

  private async answer({ shown, probe, inputs }: Wanted): Promise<Done> {
    const { run } = this.model
    const put = async (frame: Frame) => {
      const said = await this.model.sayOf(frame.index, inputs, probe)
      return { said, frame: withOwn(frame, run, probe, said) }
    }
    const { said, frame } = await put(shown.frame)
    const base = shown.base && (await put(shown.base)).frame
    return { shown: { frame, base }, probe, inputs, said }
  }
}

/** What is known of all frames at once: what was said of each probe, how the embeddings moved, and the story. */
import { RunError } from '../run/errors'
import type { Run } from '../run/run'
import { unexpected } from './clock.svelte'
import type { Answers } from './probes/answers'
import { Embeddings } from './probes/embeddings'
import { History } from './probes/history'
import { milestonesOf, type Milestone } from './story/milestones'

/** A growing run is read again when it has grown by this share. */
const WORTH_IT = 1.02

export class Past {
  /** Null for a model that is no classifier. */
  history = $state.raw<History | null>(null)
  embeddings = $state.raw<Embeddings | null>(null)
  milestones = $state.raw<readonly Milestone[]>([])
  /** Counts what joined: whoever draws the history reads this to be told. */
  version = $state(0)
  trouble = $state.raw<RunError | null>(null)
  private isReading = false
  private read = 0

  constructor(
    private readonly run: Run,
    private readonly classifier: Answers | undefined,
  ) {}

  /** Read what has joined. */
  async grow(isGrowing: boolean): Promise<void> {
    const { count } = this.run.frames
    if (this.isReading || count === 0 || (isGrowing && count <= this.read * WORTH_IT && this.read > 0)) return
    this.isReading = true
    try {
      const { probes } = this.run.manifest
      if (this.classifier) {
        const history = this.history ?? new History(this.classifier, probes)
        await history.grow(this.run)
        this.history = history
      }
      if (probes.embedding) {
        const embeddings = this.embeddings ?? new Embeddings(probes.embedding, probes.count)
        await embeddings.grow(this.run, isGrowing)
        this.embeddings = embeddings
      }
      this.read = count
      this.milestones = milestonesOf(this.run, this.history)
      this.version++
    } catch (error) {
      this.trouble = error instanceof RunError ? error : unexpected(error)
    } finally {
      this.isReading = false
    }
  }

  /** The last thing that happened up to a frame; null before there is one. */
  captionAt(frame: number): Milestone | null {
    return this.milestones.findLast((milestone) => milestone.frame <= frame) ?? null
  }

  /** The next thing that happened after a frame, or with a direction of -1 the one before it. */
  neighbour(frame: number, direction: 1 | -1): Milestone | null {
    const found =
      direction > 0
        ? this.milestones.find((milestone) => milestone.frame > frame)
        : this.milestones.findLast((milestone) => milestone.frame < frame)
    return found ?? null
  }
}

/**
 * The one clock: which frame is shown, and how it moves.
 *
 * The page asks for a frame (`target`) and shows one when all of it is there (`shown`): what a person sees is never
 * half of one moment and half of another.
 */
import { RunError } from '../run/errors'
import type { Frame, Part, Run } from '../run/run'
import { baseOf, PLAIN, type Against } from './look'

export const SPEEDS = [0.25, 0.5, 1, 2, 4] as const

/** Frames a second at speed 1. */
const PACE = 12

/** A frame, and the one it is compared with. */
export interface Shown {
  readonly frame: Frame
  /** Null where it is looked at by itself. */
  readonly base: Frame | null
}

export class Clock {
  /** The frame asked for; -1 before there is one. */
  target = $state(-1)
  shown = $state.raw<Shown | null>(null)
  isPlaying = $state(false)
  speed = $state<(typeof SPEEDS)[number]>(1)
  /** Whether it follows the newest frame of a growing run. */
  isFollowing = $state(false)
  error = $state.raw<RunError | null>(null)

  /** The frames that it stays in; null for all. */
  span = $state.raw<readonly [first: number, last: number] | null>(null)

  private roles: readonly Part[] = ['weight', 'activation']
  private against = PLAIN
  private isLoading = false
  /** Whether what is asked for is not what is shown. */
  private isBehind = false
  private ticket = 0
  private nextTick = 0
  private direction = 1

  constructor(private readonly run: Run) {}

  get last(): number {
    return this.run.frames.count - 1
  }

  /** Where playing begins and ends: the run's ends, or those of the span that it stays in. */
  get begin(): number {
    return Math.min(this.last, this.span?.[0] ?? 0)
  }

  get end(): number {
    return Math.min(this.last, this.span?.[1] ?? this.last)
  }

  /** Stay in a span of frames from now on; null frees it. */
  confine(span: readonly [first: number, last: number] | null): void {
    if (span?.[0] === this.span?.[0] && span?.[1] === this.span?.[1]) return
    this.span = span
    if (this.target < 0) return
    this.goTo(this.target)
    if (this.target < this.last) this.isFollowing = false
  }

  /** Ask for a frame. The nearest there is, is taken. */
  goTo(frame: number): void {
    if (this.last < 0) return // the first one is asked for when it is there
    const target = Math.max(this.begin, Math.min(this.end, Math.round(frame)))
    if (target !== this.target) this.direction = Math.sign(target - this.target) || 1
    this.target = target
    this.show()
  }

  /** Move by hand: it stops following, unless it was moved to the end. */
  moveTo(frame: number, isGrowing: boolean): void {
    this.goTo(frame)
    this.isFollowing = isGrowing && this.target === this.last
  }

  /** What else the page needs of each frame. */
  require(roles: readonly Part[], against: Against): void {
    const isSame = against.look === this.against.look && against.skin === this.against.skin
    if (roles.join() === this.roles.join() && isSame) return
    this.roles = roles
    this.against = against
    if (this.target >= 0) this.show()
  }

  togglePlaying(): void {
    if (this.isFollowing) {
      this.isFollowing = false // of a live run, playing is following
      return
    }
    if (!this.isPlaying && this.target >= this.end) this.goTo(this.begin)
    this.isPlaying = !this.isPlaying
    this.nextTick = 0
  }

  /** To be called with every animation frame while it plays. */
  tick(now: number, isGrowing: boolean): void {
    if (!this.isPlaying || this.isLoading) return // a frame is never passed by without its picture
    if (now < this.nextTick) return
    const spacing = 1000 / (PACE * this.speed)
    this.nextTick = this.nextTick && now - this.nextTick < spacing ? this.nextTick + spacing : now + spacing
    if (this.target < this.end) this.goTo(this.target + 1)
    if (this.target >= this.end) {
      this.isPlaying = false
      this.isFollowing = isGrowing && this.target === this.last
    }
  }

  /** Show the target: at once if it is kept, else when it has come. */
  private show(): void {
    if (this.last < 0) return
    const frame = this.kept(this.target)
    const wanted = baseOf(this.against, this.target, this.last)
    const base = wanted < 0 ? null : this.kept(wanted)
    this.isBehind = !frame || (!base && wanted >= 0)
    if (frame && !this.isBehind) {
      this.ticket++ // what is under way comes too late
      this.shown = { frame, base }
      this.error = null
      void this.prefetch()
    } else if (!this.isLoading) {
      void this.load()
    }
  }

  /** A frame, if all of it is kept. What is wrong with it is said when it is loaded. */
  private kept(frame: number): Frame | null {
    try {
      return this.run.frameNow(frame, this.roles)
    } catch {
      return null
    }
  }

  /** Load what is asked for, until that is what is shown. One at a time: a quick hand makes no queue. */
  private async load(): Promise<void> {
    this.isLoading = true
    while (this.isBehind) {
      const { target, roles, against, ticket } = this
      const wanted = baseOf(against, target, this.last)
      const isWhole = () => roles === this.roles && against === this.against
      const isAsked = () => target === this.target && isWhole()
      try {
        const [frame, base] = await Promise.all([
          this.run.frame(target, roles),
          wanted < 0 ? null : this.run.frame(wanted, roles),
        ])
        if (isAsked() || (ticket === this.ticket && isWhole())) this.shown = { frame, base }
        if (!isAsked()) continue
        this.error = null
      } catch (error) {
        if (!isAsked()) continue // the hand has left it
        this.error = error instanceof RunError ? error : unexpected(error)
        this.isPlaying = false
      }
      this.isBehind = false
    }
    this.isLoading = false
    void this.prefetch()
  }

  /** Read a few frames ahead of the hand. */
  private async prefetch(): Promise<void> {
    const from = this.target
    for (const ahead of [1, 2, 3, 6]) {
      const frame = from + ahead * this.direction
      if (frame < 0 || frame > this.last || from !== this.target) return
      if (this.kept(frame)) continue
      await this.run.frame(frame, this.roles).catch(() => undefined) // it is tried again when it is asked for
    }
  }
}

export function unexpected(error: unknown): RunError {
  return new RunError(
    error instanceof Error ? error.message : String(error),
    'reload the page; if it happens again, report it with the address of this page',
  )
}

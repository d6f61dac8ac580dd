/** The other runs of a comparison. Each is read when it is first wanted, follows while it grows, and has its own clock. */
import { RunError } from '../../run/errors'
import { START } from '../address'
import { unexpected } from '../clock.svelte'
import type { Listed } from '../library'
import { PLAIN } from '../look'
import { Session } from '../session.svelte'

/** Of the memory that a run of its own may keep, each of several keeps this share. */
const SHARE = 0.25

export class Fellow {
  session = $state.raw<Session | null>(null)
  /** Why it cannot be read; it stands in its own column. */
  error = $state.raw<RunError | null>(null)
  private isLeft = false

  constructor(
    readonly name: string,
    listed: Listed | undefined,
  ) {
    if (listed) void this.open(listed)
    else this.error = new RunError(`there is no run '${name}' here`, 'take it out, or choose another one')
  }

  close(): void {
    this.isLeft = true
    this.session?.close()
  }

  private async open(listed: Listed): Promise<void> {
    try {
      // At a frame, and not at the newest: the clock of the first run leads.
      const opened = await Session.open(listed, { ...START, frame: 0 }, SHARE)
      if (this.isLeft) opened.close()
      else this.session = opened
    } catch (thrown) {
      this.error = thrown instanceof RunError ? thrown : unexpected(thrown)
    }
  }
}

export class Fellows {
  all = $state.raw<readonly Fellow[]>([])

  /** Have these runs, in this order; those that stay are not read again. */
  choose(names: readonly string[], runs: readonly Listed[]): void {
    const before = this.all
    if (names.join('\n') === before.map(({ name }) => name).join('\n')) return
    this.all = names.map(
      (name) =>
        before.find((fellow) => fellow.name === name) ??
        new Fellow(
          name,
          runs.find((run) => run.name === name),
        ),
    )
    for (const fellow of before) if (!names.includes(fellow.name)) fellow.close()
  }

  /** Show a frame of one. */
  static lead(session: Session, frame: number, role: Parameters<Session['clock']['require']>[0]): void {
    session.clock.require(role, PLAIN)
    if (frame >= 0) session.clock.goTo(frame)
  }

  close(): void {
    for (const fellow of this.all) fellow.close()
  }
}

/** A clock on the fixture, and how to wait for what it shows. */
import { expect, vi } from 'vitest'
import { Clock } from '../page/clock.svelte'
import { Run } from '../run/run'
import { filesOf, FRAMES, type Files } from './fixture'
import { SlowStore } from './slow'

export const LAST = FRAMES - 1

export async function clockOf(
  files: Files = filesOf('growing'),
): Promise<{ clock: Clock; run: Run; store: SlowStore }> {
  const store = new SlowStore(files)
  const run = await Run.open(store)
  return { clock: new Clock(run), run, store }
}

/** The file with the weights of a frame. */
export function file(frame: number): string {
  return `pictures/weight/c.${frame}.0`
}

/** The index of the frame that is shown; -1 for none. */
export function shown(clock: Clock): number {
  return clock.shown?.frame.index ?? -1
}

export function wait(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Ask for a frame and wait until it is shown. */
export async function show(clock: Clock, frame: number): Promise<void> {
  clock.goTo(frame)
  await vi.waitFor(() => {
    expect(shown(clock)).toBe(clock.target)
  })
}

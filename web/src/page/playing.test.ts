import { describe, expect, test, vi } from 'vitest'
import { clockOf, file, LAST, show, shown, wait } from '../testing/clocks'
import { FRAMES } from '../testing/fixture'
import { SPEEDS, type Clock } from './clock.svelte'

describe('playing', () => {
  /** Tick as a screen does, every 16 ms, and note the frames that are shown. */
  async function play(clock: Clock, isGrowing = false): Promise<number[]> {
    const seen = [shown(clock)]
    clock.togglePlaying()
    for (let now = 1000; clock.isPlaying && now < 60_000; now += 16) {
      clock.tick(now, isGrowing)
      await wait()
      if (shown(clock) !== seen.at(-1)) seen.push(shown(clock))
    }
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(clock.target)
    })
    if (shown(clock) !== seen.at(-1)) seen.push(shown(clock))
    return seen
  }

  test('shows every frame to the last one, and stops there', async () => {
    const { clock } = await clockOf()
    await show(clock, 0)
    expect(await play(clock)).toEqual(Array.from({ length: FRAMES }, (_, frame) => frame))
    expect([clock.isPlaying, clock.isFollowing]).toEqual([false, false])
  })

  test.each(SPEEDS)('at speed %d skips no frame, however slow they come', async (speed) => {
    const { clock, store } = await clockOf()
    await show(clock, 0)
    clock.speed = speed
    for (const frame of [3, 4, 9, 15]) {
      const release = store.hold(file(frame))
      setTimeout(release, 10 * frame)
    }
    expect(await play(clock)).toEqual(Array.from({ length: FRAMES }, (_, frame) => frame))
  })

  test.each([
    [0.25, 3],
    [1, 12],
    [2, 24],
    [4, 48],
  ] as const)('at speed %d shows about %i frames a second', async (speed, frames) => {
    const { clock, run } = await clockOf()
    for (let frame = 0; frame < FRAMES; frame++) await run.frame(frame, ['weight', 'activation'])
    clock.goTo(0)
    clock.speed = speed
    clock.togglePlaying()
    let count = 0
    for (let now = 5000; now < 6000; now += 1000 / 60) {
      const before = clock.target
      clock.tick(now, false)
      if (clock.target !== before) count++
      if (clock.target === LAST) clock.goTo(0)
      if (!clock.isPlaying) clock.togglePlaying()
    }
    expect(Math.abs(count - frames)).toBeLessThanOrEqual(Math.max(1, 0.1 * frames))
  })

  test('goes on at its pace after the page was asleep, and does not hurry', async () => {
    const { clock, run } = await clockOf()
    for (let frame = 0; frame < FRAMES; frame++) await run.frame(frame, ['weight', 'activation'])
    clock.goTo(0)
    clock.togglePlaying()
    clock.tick(1000, false)
    for (let now = 60_000; now < 60_100; now += 4) clock.tick(now, false)
    expect(clock.target).toBeLessThanOrEqual(3)
  })

  test('at the end of a growing run follows it', async () => {
    const { clock } = await clockOf()
    await show(clock, LAST - 1)
    await play(clock, true)
    expect([clock.isPlaying, clock.isFollowing]).toEqual([false, true])
    clock.togglePlaying() // of a live run, playing is following
    expect([clock.isPlaying, clock.isFollowing]).toEqual([false, false])
  })

  test('from the last frame begins at the first', async () => {
    const { clock } = await clockOf()
    await show(clock, LAST)
    clock.togglePlaying()
    expect([clock.target, clock.isPlaying]).toEqual([0, true])
    clock.togglePlaying()
    expect(clock.isPlaying).toBe(false)
    clock.tick(1e6, false)
    expect(clock.target).toBe(0)
  })

  test('by hand follows only at the end of a growing run', async () => {
    const { clock } = await clockOf()
    clock.moveTo(LAST, true)
    expect(clock.isFollowing).toBe(true)
    clock.moveTo(4, true)
    expect(clock.isFollowing).toBe(false)
    clock.moveTo(LAST, false)
    expect(clock.isFollowing).toBe(false)
  })
})

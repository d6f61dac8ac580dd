import { describe, expect, test, vi } from 'vitest'
import { RunError } from '../run/errors'
import { clockOf, file, LAST, show, shown, wait } from '../testing/clocks'
import { array, cut } from '../testing/damages'
import { filesOf, type Files } from '../testing/fixture'
import { grown, turnInto } from '../testing/growth'
import { unexpected } from './clock.svelte'
import { PLAIN } from './look'

describe('the clock', () => {
  test('shows a frame when it has come, and one that is kept at once', async () => {
    const { clock } = await clockOf()
    expect([clock.target, shown(clock), clock.last]).toEqual([-1, -1, LAST])
    clock.goTo(7)
    expect([clock.target, shown(clock)]).toEqual([7, -1])
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(7)
    })
    await show(clock, 2)
    clock.goTo(7)
    expect(shown(clock)).toBe(7)
    expect(clock.shown?.frame.codes.weight).toHaveLength(4047)
    expect(clock.shown?.base).toBeNull()
  })

  test('takes the nearest frame there is', async () => {
    const { clock } = await clockOf()
    for (const [asked, target] of [
      [-5, 0],
      [99, LAST],
      [3.4, 3],
      [3.6, 4],
    ] as const) {
      clock.goTo(asked)
      expect(clock.target).toBe(target)
    }
  })

  test('stays in the span of frames that is looked at, until it is freed', async () => {
    const { clock } = await clockOf()
    await show(clock, 2)
    clock.confine([5, 9])
    expect([clock.target, clock.begin, clock.end]).toEqual([5, 5, 9])
    clock.goTo(LAST)
    expect(clock.target).toBe(9)
    clock.moveTo(LAST, true)
    expect([clock.target, clock.isFollowing]).toEqual([9, false]) // the newest frame lies outside
    clock.togglePlaying() // from the end of the span, play begins at its first frame
    expect([clock.target, clock.isPlaying]).toEqual([5, true])
    clock.isPlaying = false
    clock.confine(null)
    clock.goTo(LAST)
    expect([clock.target, clock.begin, clock.end]).toEqual([LAST, 0, LAST])
  })

  test('shows the last frame that a quick hand asked for, and loads none that it only passed', async () => {
    const { clock, store } = await clockOf()
    const release = store.hold(file(3))
    clock.goTo(3)
    await wait()
    for (let frame = 4; frame <= 15; frame++) clock.goTo(frame)
    clock.goTo(10)
    release()
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(10)
    })
    await wait(20)
    for (const passed of [5, 6, 12, 14, 15]) expect(store.asked).not.toContain(file(passed))
  })

  /** A clock that was asked for frame 0, which is on its way until it is released, and then again for 8, which is kept. */
  async function torn() {
    const { clock, store } = await clockOf()
    await show(clock, 8)
    const release = store.hold(file(0))
    clock.goTo(0)
    await wait()
    clock.goTo(8)
    return { clock, release }
  }

  test('shows the last frame that was asked for, though another was kept in between', async () => {
    const { clock, release } = await torn()
    expect(shown(clock)).toBe(8)
    clock.goTo(17) // it is not
    release()
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(17)
    })
  })

  test('shows a frame that was left and asked for again before it came', async () => {
    const { clock, release } = await torn()
    clock.goTo(0)
    release()
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(0)
    })
  })

  test('never goes back to a frame that comes late', async () => {
    const { clock, release } = await torn()
    release()
    await wait(20)
    expect(shown(clock)).toBe(8)
  })

  test('reads a few frames ahead of the hand, the way it moves', async () => {
    const { clock, run } = await clockOf()
    await show(clock, 12)
    await show(clock, 10)
    await vi.waitFor(() => {
      for (const frame of [9, 8, 7, 4]) expect(run.frameNow(frame, ['weight', 'activation'])).not.toBeNull()
    })
    expect(run.frameNow(2, ['weight', 'activation'])).toBeNull()
  })

  test('shows what else is asked of a frame as soon as it is there', async () => {
    const { clock } = await clockOf()
    await show(clock, 6)
    clock.require(['weight', 'gradient'], { look: 'start', skin: 0 })
    expect(clock.shown?.frame.codes.gradient).toBeUndefined() // whole frames only: the old one stays until then
    await vi.waitFor(() => {
      expect(clock.shown?.frame.codes.gradient).toHaveLength(4036)
    })
    expect([shown(clock), clock.shown?.base?.index]).toEqual([6, 0])
    clock.goTo(9)
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(9)
    })
    expect(clock.shown?.base?.codes.gradient).toHaveLength(4036)
    clock.require(['weight', 'activation'], PLAIN)
    await vi.waitFor(() => {
      expect(clock.shown?.base).toBeNull()
    })
  })

  test('of a run without frames waits for the first one', async () => {
    const early = new Map([...filesOf('growing')].filter(([path]) => /^(status\/)?zarr\.json$/.test(path)))
    const { clock, run, store } = await clockOf(early)
    clock.goTo(5)
    clock.moveTo(3, false)
    clock.togglePlaying()
    clock.tick(0, true)
    expect([clock.target, clock.isPlaying, shown(clock), clock.error]).toEqual([-1, false, -1, null])
    turnInto(store.files, grown(2))
    await run.refresh()
    await show(clock, clock.last)
    expect(shown(clock)).toBe(1)
  })
})

describe('a frame that cannot be read', () => {
  test('is said, stops playing, and what was shown stays', async () => {
    const { clock } = await clockOf(damaged(4))
    await show(clock, 3)
    clock.togglePlaying()
    clock.tick(1000, false)
    await vi.waitFor(() => {
      expect(clock.error).toBeInstanceOf(RunError)
    })
    expect(clock.error?.what).toContain('chunk 4.0 of pictures/weight')
    expect([clock.isPlaying, shown(clock)]).toEqual([false, 3])
    await show(clock, 6)
    expect(clock.error).toBeNull()
  })

  test('is no trouble where the hand only passed it', async () => {
    const { clock, store } = await clockOf(damaged(4))
    const release = store.hold(file(4))
    clock.goTo(4)
    await wait()
    clock.goTo(11)
    release()
    await vi.waitFor(() => {
      expect(shown(clock)).toBe(11)
    })
    expect(clock.error).toBeNull()
  })

  test('is said and never thrown at the hand, though its bytes are kept', async () => {
    const files = filesOf('packed')
    array('pictures/weight', { data_type: 'float16' })(files)
    const { clock } = await clockOf(files)
    clock.goTo(3)
    await vi.waitFor(() => {
      expect(clock.error?.what).toContain("role 'weight' are not int16")
    })
    await wait(20) // those ahead are read by now
    clock.togglePlaying()
    expect(() => {
      clock.goTo(4)
      clock.goTo(3)
    }).not.toThrow()
    await vi.waitFor(() => {
      expect(clock.isPlaying).toBe(false)
    })
    expect(clock.error?.what).toContain("role 'weight' are not int16")
  })

  test('is asked for again when the hand comes back', async () => {
    const { clock, store } = await clockOf(damaged(4))
    await show(clock, 3)
    clock.goTo(4)
    await vi.waitFor(() => {
      expect(clock.error).not.toBeNull()
    })
    store.files.set(file(4), filesOf('growing').get(file(4)) ?? new Uint8Array())
    await show(clock, 4)
    expect(clock.error).toBeNull()
  })

  function damaged(frame: number): Files {
    const files = filesOf('growing')
    cut(file(frame))(files)
    return files
  }
})

test('an error that nobody expected asks to be told', () => {
  expect(unexpected(new TypeError('x is not a function'))).toMatchObject({ what: 'x is not a function' })
  expect(unexpected('gone').message).toContain('gone\n  fix: reload the page')
})

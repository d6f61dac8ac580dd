import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../run/store'
import { Run } from '../../run/run'
import { writeArray } from '../../testing/arrays'
import { filesOf } from '../../testing/fixture'
import { lowsOf, partnerOf } from './clocks'

/** A run of these frames (step and seconds) and losses, made of the fixture. */
async function runOf(
  frames: readonly (readonly [number, number])[],
  losses: readonly number[],
): Promise<Run> {
  const files = new Map(filesOf('packed'))
  for (const path of [...files.keys()]) if (/^(frames|scalars)\//.test(path)) files.delete(path)
  writeArray(files, 'frames', {
    dtype: 'float64',
    shape: [frames.length, 3],
    chunk: [frames.length, 3],
    values: frames.flatMap(([step, time]) => [step, time, 0]),
  })
  writeArray(files, 'scalars', {
    dtype: 'float64',
    shape: [losses.length, 1],
    chunk: [losses.length, 1],
    values: losses,
    attributes: { names: ['loss'] },
  })
  return Run.open(new MemoryStore(files))
}

const FAST = await runOf(
  [
    [0, 0],
    [1, 2],
    [2, 4],
    [4, 8],
  ],
  [NaN, 2, 1, 0.5, 0.6],
)
const SLOW = await runOf(
  [
    [0, 0],
    [2, 1],
    [3, 1.5],
    [8, 4],
  ],
  [NaN, 3, 2.5, 2, 1.9, 1.2, 1.1, 1, 0.9],
)
const LOWS = { first: lowsOf(FAST), other: lowsOf(SLOW) }

describe('one clock over two runs', () => {
  test('by step shows the frame nearest to the step, and says that a run has ended', () => {
    expect(partnerOf('step', FAST, 1, SLOW, LOWS).frame).toBe(1)
    expect(partnerOf('step', FAST, 3, SLOW, LOWS)).toEqual({ frame: 2, note: '' })
    expect(partnerOf('step', SLOW, 3, FAST, LOWS)).toEqual({ frame: 3, note: 'it ended before this step' })
  })

  test('by time shows the frame nearest to the seconds', () => {
    expect(partnerOf('time', FAST, 1, SLOW, LOWS).frame).toBe(2)
    expect(partnerOf('time', FAST, 3, SLOW, LOWS)).toEqual({ frame: 3, note: 'it ended before this time' })
  })

  test('by loss shows the first frame at which the loss had fallen as low', () => {
    expect(partnerOf('loss', FAST, 0, SLOW, LOWS).frame).toBe(0)
    expect(partnerOf('loss', FAST, 1, SLOW, LOWS).frame).toBe(2)
    expect(partnerOf('loss', FAST, 2, SLOW, LOWS)).toEqual({ frame: 3, note: '' })
    expect(partnerOf('loss', FAST, 3, SLOW, LOWS).note).toContain('never fell as low')
  })

  test('by loss never runs back, however the losses rise and fall', async () => {
    const losses = fc.array(fc.double({ min: 0.01, max: 5, noNaN: true }), { minLength: 12, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(losses, losses, async (a, b) => {
        const frames = Array.from({ length: 6 }, (_, i) => [2 * i, i] as const)
        const [one, other] = [await runOf(frames, a), await runOf(frames, b)]
        const lows = { first: lowsOf(one), other: lowsOf(other) }
        const path = frames.map((_, frame) => partnerOf('loss', one, frame, other, lows).frame)
        expect(path).toEqual([...path].sort((x, y) => x - y))
      }),
      { numRuns: 20 },
    )
  })

  test('of a run without a loss says so', async () => {
    const silent = await runOf([[0, 0]], [NaN])
    const lows = { first: LOWS.first, other: lowsOf(silent) }
    expect(partnerOf('loss', FAST, 2, silent, lows)).toEqual({ frame: 0, note: 'it logged no loss' })
  })
})

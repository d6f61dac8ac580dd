import { beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../../run/codes'
import { codesIn, type Frame, type Run } from '../../run/run'
import { openFixture } from '../../testing/fixture'
import { flowLimit, flowOf, widthOf, WIDTHS } from './flow'

let run: Run
let frame: Frame

beforeAll(async () => {
  run = await openFixture('packed')
  await run.readStatistics()
  frame = await run.frame(run.frames.count - 1, ['weight', 'activation'])
})

describe('what flows along an edge', () => {
  test('is the norm per value of the chosen probe alone', () => {
    const tensor = run.manifest.tensors.find(({ key }) => key === 'activation/conv')
    if (!tensor) throw new Error('the fixture has no activation/conv')
    const values = decode(
      codesIn(frame, tensor, run) ?? new Int16Array(),
      run.statistics.at(frame.index, tensor.index, 'scale'),
    )
    const { count } = run.manifest.probes
    const each = values.length / count
    for (let probe = 0; probe < count; probe++) {
      const own = values.subarray(probe * each, (probe + 1) * each)
      const wanted = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0) / each)
      expect(flowOf(tensor, frame, run, probe)).toBeCloseTo(wanted, 5)
    }
  })

  test('is unknown where the frame has no picture of it', () => {
    const tensor = run.manifest.tensors.find(({ role }) => role === 'activation')
    if (!tensor) throw new Error('the fixture has no activation')
    expect(flowOf(tensor, { ...frame, codes: {} }, run, 0)).toBeNaN()
  })

  test('is drawn on one scale: more is never thinner, nothing is thinnest, unknown is plain', () => {
    const limit = flowLimit(run)
    expect(limit).toBeGreaterThan(0)
    const widths = [0, 0.01, 0.2, 0.7, 1, 5].map((share) => widthOf(share * limit, limit))
    expect(widths).toEqual([...widths].sort((a, b) => a - b))
    expect([widths[0], widths.at(-1)]).toEqual([WIDTHS.least, WIDTHS.most])
    expect(widthOf(NaN, limit)).toBe(WIDTHS.plain)
    expect(widthOf(1, 0)).toBe(WIDTHS.plain) // a run without activations
  })
})

import { describe, expect, it } from 'vitest'
import { decode } from '../../run/codes'
import { codesIn, scaleIn } from '../../run/run'
import { openFixture } from '../../testing/fixture'
import { withOwn } from './compose'
import { differenceOf } from './model'

describe('a frame with an input of the viewer', () => {
  it('has what it was given in the place of one probe, and the rest as recorded', async () => {
    const run = await openFixture('packed')
    const frame = await run.frame(2, ['activation', 'weight'])
    const { count } = run.manifest.probes
    const tensor = run.manifest.tensors.find(({ role, shape }) => role === 'activation' && shape[0] === count)
    if (!tensor) throw new Error('the fixture has no activation')
    const width = tensor.count / count
    // Larger than anything that was recorded: the scale has to give way.
    const large = Float32Array.from({ length: width }, (_, i) => 1000 + i)
    const mixed = withOwn(frame, run, 1, new Map([[tensor.key, large]]))
    const scale = scaleIn(mixed, tensor, run)
    const before = decode(codesIn(frame, tensor, run) ?? new Int16Array(), scaleIn(frame, tensor, run))
    const after = decode(codesIn(mixed, tensor, run) ?? new Int16Array(), scale)
    for (const [i, value] of after.entries()) {
      const wanted = i >= width && i < 2 * width ? (large[i - width] ?? 0) : (before[i] ?? 0)
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(0.51 * scale)
    }
    expect(mixed.codes.weight).toBe(frame.codes.weight)
    expect(frame.scales).toBeUndefined()
  })

  it('keeps the scale where the values have room on it', async () => {
    const run = await openFixture('packed')
    const frame = await run.frame(2, ['activation'])
    const said = new Map(run.manifest.tensors.map((tensor) => [tensor.key, new Float32Array(1)]))
    expect(withOwn(frame, run, 0, said).scales?.size).toBe(0)
  })
})

describe('the recording and what is said here', () => {
  it('agree where they are the same, and tell how far they are apart', async () => {
    const run = await openFixture('packed')
    const recorded = await run.outputsOf(1, 2)
    if (!recorded) throw new Error('the fixture has no outputs')
    const said = (off: number) =>
      new Map(
        run.manifest.probes.outputs.map(({ name, shape, offset }) => {
          const size = shape.reduce((a, b) => a * b, 1)
          return [
            `output/${name}`,
            recorded.slice(offset, offset + size).map((v, i) => (i === 1 ? v + off : v)),
          ]
        }),
      )
    expect(differenceOf(run, said(0), recorded)).toEqual({ largest: 0, isTolerated: true })
    expect(differenceOf(run, said(5e-5), recorded).isTolerated).toBe(true)
    expect(differenceOf(run, said(0.5), recorded)).toMatchObject({ isTolerated: false })
    expect(differenceOf(run, said(NaN), recorded)).toEqual({ largest: Infinity, isTolerated: false })
    expect(differenceOf(run, new Map(), recorded).isTolerated).toBe(false)
    expect(differenceOf(run, said(0), null).isTolerated).toBe(false)
  })
})

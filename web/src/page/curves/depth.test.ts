import { describe, expect, test } from 'vitest'
import { openFixture } from '../../testing/fixture'
import { byDepth, matrixOf, shareOn, STRIPS, stripOf } from './depth'

describe('the strip over the depth', () => {
  test('has the weight matrices from the input to the output, and each layer that makes something', async () => {
    const { manifest } = await openFixture('packed')
    const names = byDepth(manifest, 'weight').map(({ name }) => name)
    const inOrder = manifest.graph.nodes
      .flatMap(({ tensors }) => tensors)
      .filter((name) => names.includes(name))
    expect(names).toEqual(inOrder)
    expect(names.length).toBeGreaterThan(0)
    expect(names.some((name) => name.endsWith('bias'))).toBe(false)
    const made = byDepth(manifest, 'activation').map(({ name }) => name)
    expect(made).toEqual(manifest.graph.nodes.map(({ id }) => id).filter((id) => made.includes(id)))
  })

  test.each(STRIPS)('of %s has every number on one scale, and says what is not finite', async (strip) => {
    const { manifest, statistics } = await openFixture('packed')
    const role = strip === 'gradient' ? 'gradient' : strip === 'ratio' ? 'weight' : 'activation'
    const tensors = byDepth(manifest, role)
    const { values, scale, notFinite, zeros } = matrixOf(strip, tensors, statistics)
    expect(values).toHaveLength(tensors.length * statistics.count)
    const found = Array.from(values)
    expect(notFinite).toBe(found.filter((value) => value === Infinity).length)
    expect(zeros).toBe(found.filter((value) => value === 0).length)
    for (const value of found.filter(Number.isFinite)) {
      expect(value).toBeLessThanOrEqual(scale.high)
      const share = shareOn(value, scale)
      expect(share >= 0 && share <= 1).toBe(true)
    }
    const wanted = tensors.flatMap(({ index }) =>
      Array.from(
        { length: statistics.count },
        (_, frame) => statistics.at(frame, index, 'nan') + statistics.at(frame, index, 'inf') > 0,
      ),
    )
    expect(found.map((value) => value === Infinity)).toEqual(wanted)
  })

  test('reads by the logarithm, what is missing stays missing, what is not finite stays so', () => {
    const scale = { low: 1e-4, high: 1, isLog: true }
    expect(shareOn(1e-2, scale)).toBeCloseTo(0.5, 9)
    expect([0, 1e-9, 1e-4, 1].map((value) => shareOn(value, scale))).toEqual([0, 0, 0, 1])
    expect(shareOn(NaN, scale)).toBeNaN()
    expect(shareOn(Infinity, scale)).toBe(Infinity)
    expect(shareOn(0.25, { low: 0, high: 1, isLog: false })).toBe(0.25)
  })

  test('is that of the gradients unless an address names another', () => {
    expect([undefined, 'nothing', 'dead'].map(stripOf)).toEqual(['gradient', 'gradient', 'dead'])
  })
})

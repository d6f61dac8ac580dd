import { beforeAll, describe, expect, test } from 'vitest'
import type { Manifest } from '../../run/manifest'
import { openFixture } from '../../testing/fixture'
import { placesOn, rangeOf, tensorOf, type Given } from '../../testing/tensors'
import { colourInk, headsOf, waysOf } from './ways'

let manifest: Manifest

beforeAll(async () => {
  const { manifest: read } = await openFixture('packed')
  manifest = read
})

/** The fixture's manifest with one layer that owns the tensor, behind the inputs, which are images of this shape. */
function behind(given: Given, image: readonly number[], type = 'Linear', between: readonly string[] = []) {
  const name = given.name ?? 'w'
  const node = { kind: 'module' as const, group: '', layer: 0, lane: 0, shape: [] }
  const ids = ['x', ...between.map((_, i) => `between${i}`), 'layer']
  const input = { name: 'x', shape: [3, ...image], dtype: 'float32', offset: 0, isImage: true }
  const one = {
    ...manifest,
    probes: { ...manifest.probes, count: 3, inputs: [input] },
    graph: {
      nodes: [
        { ...node, id: 'x', kind: 'input' as const, type: 'input', tensors: [] },
        ...between.map((owned, i) => ({
          ...node,
          id: `between${i}`,
          type: 'Module',
          tensors: owned ? [owned] : [],
        })),
        { ...node, id: 'layer', type, tensors: [name] },
      ],
      groups: [],
      edges: ids.slice(1).map((target, i) => ({ source: ids[i] ?? '', target })),
      partial: '',
    },
  }
  return { tensor: tensorOf({ ...given, name }), manifest: one }
}

function namesOf({ tensor, manifest: one }: ReturnType<typeof behind>): string[] {
  return waysOf(tensor, one).map(({ name }) => name)
}

describe('a first layer', () => {
  test('of a photograph shows its filters as colours, each value once, and keeps the plain way', () => {
    const it = behind({ shape: [16, 3, 5, 5], offset: 7 }, [3, 16, 16], 'Conv2d')
    expect(namesOf(it)).toEqual(['colour', 'plain'])
    const [colour] = waysOf(it.tensor, it.manifest)
    const sheet = colour?.draw(0, { width: 400, height: 300 })
    expect(sheet?.kind).toBe('rgb')
    expect(sheet && placesOn(sheet).sort((a, b) => a - b)).toEqual(rangeOf(7, 1200))
  })

  test('of a flattened image shows each row as one, each value once', () => {
    const it = behind({ shape: [10, 64], offset: 3 }, [1, 8, 8], 'Linear', [''])
    expect(namesOf(it)).toEqual(['images', 'plain'])
    const [images] = waysOf(it.tensor, it.manifest)
    const sheet = images?.draw(0, { width: 400, height: 300 })
    expect([sheet?.tileRows, sheet?.tileColumns]).toEqual([8, 8])
    expect(sheet && placesOn(sheet).sort((a, b) => a - b)).toEqual(rangeOf(3, 640))
  })

  test.each([
    [
      'behind another layer with weights',
      behind.bind(null, { shape: [10, 64] }, [1, 8, 8], 'Linear', ['other']),
    ],
    ['of which not every pixel is kept', behind.bind(null, { shape: [10, 64], strides: [1, 2] }, [1, 8, 8])],
    ['that reads something else', behind.bind(null, { shape: [10, 65] }, [1, 8, 8])],
    [
      'whose channels are not all kept',
      behind.bind(null, { shape: [8, 3, 5, 5], strides: [1, 2, 1, 1] }, [3, 9, 9]),
    ],
    ['of grey images', behind.bind(null, { shape: [8, 3, 5, 5] }, [1, 9, 9])],
  ])('%s is laid in the plain way alone', (_, it) => {
    expect(namesOf(it())).toEqual(['plain'])
  })
})

test('optimizer state is laid as the weight it belongs to', () => {
  const it = behind({ shape: [10, 64] }, [1, 8, 8])
  const state = tensorOf({ name: 'w/exp_avg', role: 'optimizer', shape: [10, 64] })
  expect(waysOf(state, it.manifest).map(({ name }) => name)).toEqual(['images', 'plain'])
})

describe('packed attention weights', () => {
  function inside(shape: readonly number[], type = 'softmax') {
    const node = { kind: 'function' as const, layer: 0, lane: 0, tensors: [] }
    const graph = {
      ...manifest.graph,
      nodes: [{ ...node, id: 'h.attn/softmax', type, group: 'h.attn', shape }],
    }
    return { ...manifest, probes: { ...manifest.probes, count: 3 }, graph }
  }
  const packed = tensorOf({ name: 'h.attn.c_attn.weight', shape: [144, 48], strides: [2, 1] })

  test('are taken apart by the heads that the attention itself shows', () => {
    expect(headsOf(packed, inside([3, 4, 32, 32]))).toBe(4)
    expect(headsOf(packed, inside([3, 4, 32, 8], 'scaled_dot_product_attention'))).toBe(4)
    expect(headsOf(packed, inside([3, 4, 32, 32], 'relu'))).toBe(0)
    const [way] = waysOf(packed, inside([3, 4, 32, 32]))
    const sheet = way?.draw(0, { width: 400, height: 300 })
    expect([sheet?.tiles, sheet?.across, sheet?.tileRows, sheet?.tileColumns]).toEqual([12, 3, 6, 48])
    expect(way?.across).toEqual(['queries', 'keys', 'values'])
    expect(way?.down).toEqual(['head 0', 'head 1', 'head 2', 'head 3'])
    // The first row of the keys' second head is row 48 + 12 of the tensor, the 30th that is kept.
    expect(sheet && sheet.start + sheet.steps.tileAcross + sheet.steps.tileDown).toBe(30 * 48)
  })

  test('are three parts where nobody tells how many heads there are, or the kept rows do not meet their ends', () => {
    for (const shape of [
      [3, 5, 32, 32],
      [2, 4, 32, 32],
    ]) {
      const [way] = waysOf(packed, inside(shape))
      expect(way?.draw(0, { width: 400, height: 300 }).tiles).toBe(3)
      expect(way?.down).toEqual([])
    }
  })
})

test('a colour has 0 in its middle, also where it is a change', () => {
  expect(colourInk({ gain: 0.5, bias: 0, baseGain: 0.25 })).toEqual({
    gain: 0.25,
    bias: 0.5,
    baseGain: 0.125,
  })
})

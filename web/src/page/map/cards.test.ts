import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { pictureFor } from '../../pictures/paper/choose'
import { matrix, tiled } from '../../pictures/paper/sheet'
import type { GraphNode } from '../../run/graph'
import type { Manifest, TensorEntry } from '../../run/manifest'
import { openFixture } from '../../testing/fixture'
import { nodeOf } from '../../testing/graphs'
import { placesOn, PROBES, rangeOf, sizes, tensorOf, tensors } from '../../testing/tensors'
import { ProbeRow } from '../probes/row'
import { cardOf, fit, mainWeights, titleOf, type Card, type Source } from './cards'
import { faceOf, type Measure } from './face'
import type { Leaf } from './visible'

let manifest: Manifest
let source: Source

beforeAll(async () => {
  const run = await openFixture('packed')
  manifest = run.manifest
  source = {
    manifest,
    probe: 1,
    probeRow: new ProbeRow(manifest.probes, await run.inputs(), 10),
    tensors: new Map(manifest.tensors.map((tensor) => [tensor.key, tensor])),
    feeds: new Map([['output', 'conv']]),
    scale: 1,
    cards: 4,
  }
})

function leafOf(node: GraphNode): Leaf {
  return { kind: 'node', id: node.id, node }
}

function cardFor(id: string, more: Partial<Source> = {}): Card {
  const node = manifest.graph.nodes.find((candidate) => candidate.id === id)
  if (!node) throw new Error(`the fixture has no node ${id}`)
  return cardOf(leafOf(node), { ...source, ...more })
}

/** A card of one node that owns these tensors. */
function cardWith(node: GraphNode, entries: readonly TensorEntry[], cards = 1): Card {
  return cardOf(leafOf(node), {
    ...source,
    cards,
    tensors: new Map(entries.map((entry) => [entry.key, entry])),
  })
}

describe('the card of a node', () => {
  test('has its weights and what it made of the chosen probe', () => {
    const card = cardFor('conv')
    expect([card.title, card.sub, card.name, card.isSmall]).toEqual([
      'conv',
      '4 filters 3 × 3',
      'conv, Conv2d',
      false,
    ])
    expect(card.weights.map(({ tensor, row }) => [tensor?.key, row])).toEqual([
      ['weight/conv.weight', 'weight'],
    ])
    const [activation] = card.activations
    expect(activation?.row).toBe('activation')
    const places = activation ? placesOn(activation.sheet).sort((a, b) => a - b) : []
    expect(places).toEqual(rangeOf(144, 144)) // of the second of two probes
  })

  test('says how much of a tensor it shows, where that is not all', () => {
    expect(cardFor('conv').weights[0]?.showing).toBe('')
    expect(cardFor('head.fc').weights[0]?.showing).toBe('showing 4,000 of 8,000')
    expect(cardFor('head.fc', { cards: 40 }).weights[0]?.showing).toBe('4,000 of 8,000')
    const thinned = tensorOf({
      role: 'activation',
      name: 'x',
      shape: [2, 64, 100, 100],
      strides: [1, 1, 20, 20],
    })
    expect(cardWith(nodeOf('x'), [thinned]).activations[0]?.showing).toBe('showing 1,600 of 640,000')
  })

  test('of an input has the image of the chosen probe', () => {
    const [picture] = cardFor('input').activations
    expect([picture?.input, picture?.row, picture?.tensor]).toEqual([0, 'probe', null])
    expect(picture && placesOn(picture.sheet)).toEqual(rangeOf(64, 64))
    const unread = new ProbeRow(manifest.probes, [], 10)
    expect(cardFor('input', { probeRow: unread }).activations).toEqual([])
  })

  test('of the output of a classifier has its prediction', () => {
    const [picture] = cardFor('output').activations
    expect(picture?.sheet).toEqual(matrix(128, 1, 10, 'columns'))
    expect([picture?.width, picture?.height]).toEqual([90, 56])
  })

  test('of the output of another model has what feeds it', () => {
    const probeRow = new ProbeRow(manifest.probes, [], 0)
    expect(cardFor('output', { probeRow }).activations[0]?.tensor?.key).toBe('activation/conv')
    expect(cardFor('output', { probeRow, feeds: new Map() }).activations).toEqual([])
  })

  test('is small where it owns no matrix', () => {
    const relu = cardWith(
      nodeOf('layer1.0/relu#2', { kind: 'function', type: 'relu', shape: [2, 64, 8, 8] }),
      [],
    )
    expect([relu.title, relu.sub, relu.isSmall]).toEqual(['relu', '64 × 8 × 8', true])
    const norm = cardWith(
      nodeOf('bn1', { type: 'BatchNorm2d', tensors: ['bn1.w', 'bn1.b'], shape: [2, 4] }),
      [tensorOf({ name: 'bn1.w', shape: [64] }), tensorOf({ name: 'bn1.b', shape: [64] })],
    )
    expect([norm.title, norm.sub, norm.isSmall, norm.weights.length]).toEqual(['bn1', 'BatchNorm2d', true, 1])
  })

  test.each([
    [nodeOf('net.3', { type: 'Linear' }), 'Linear'],
    [nodeOf('a/add', { kind: 'function', type: 'add_' }), 'add'],
    [
      nodeOf('b/scaled_dot_product_attention', { kind: 'function', type: 'scaled_dot_product_attention' }),
      'attention',
    ],
    [nodeOf('encoder.layers.0.self_attn#2', { type: 'MultiheadAttention' }), 'self_attn'],
  ])('has a name that says something: %#', (node, title) => {
    expect(cardWith(node, []).title).toBe(title)
  })

  test('has no picture of a tensor without values', () => {
    const empty = tensorOf({ name: 'w', shape: [0, 5] })
    const nothing = tensorOf({ role: 'activation', name: 'x', shape: [2, 0] })
    const card = cardWith(nodeOf('x', { tensors: ['w', 'unknown'] }), [empty, nothing])
    expect([card.weights, card.activations]).toEqual([[], []])
  })
})

describe('the card of a closed group', () => {
  test('has its largest weight and what its last node made', () => {
    const group = { path: 'net.0', type: 'Sequential', group: 'net', layer: 0, lane: 0, like: '' }
    const inside = manifest.graph.nodes.filter(({ kind }) => kind === 'module')
    const card = cardOf({ kind: 'closed', id: 'net.0/', group, inside }, source)
    expect([card.id, card.title, card.sub]).toEqual(['net.0/', 'net.0', 'Sequential · 2 nodes'])
    expect(card.weights[0]?.tensor?.key).toBe('weight/fc.weight')
    expect(card.activations[0]?.tensor?.key).toBe('activation/conv')
    expect(cardOf({ kind: 'closed', id: 'x/', group, inside: inside.slice(0, 1) }, source).sub).toBe(
      'Sequential · 1 node',
    )
  })

  test.each([
    ['head', 'head'],
    ['net.layer1', 'layer1'],
    ['net.layer1.0', 'layer1.0'],
    ['0', '0'],
  ])('at %s is named %s', (path, title) => {
    expect(titleOf(path)).toBe(title)
  })
})

test('the main weights of a node are its largest two matrices, else its first vector', () => {
  const entries = [
    tensorOf({ name: 'b', shape: [9] }),
    tensorOf({ name: 'small', shape: [2, 2] }),
    tensorOf({ name: 'large', shape: [8, 8] }),
    tensorOf({ name: 'middle', shape: [4, 4] }),
  ]
  const known = new Map(entries.map((entry) => [entry.key, entry]))
  const names = (of: readonly string[]) => mainWeights(of, known).map(({ name }) => name)
  expect(names(['b', 'small', 'large', 'middle'])).toEqual(['large', 'middle'])
  expect(names(['unknown', 'b'])).toEqual(['b'])
})

describe('the size of a picture', () => {
  test('is a size, and no wider than its room', () => {
    fc.assert(
      fc.property(tensors, sizes, (tensor, room) => {
        fc.pre(tensor.count > 0 && room.width >= 24)
        const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: PROBES }, room)
        const { width, height } = fit(sheet, room)
        expect(width).toBeGreaterThan(0)
        expect(height).toBeGreaterThan(0)
        expect(width).toBeLessThanOrEqual(room.width + 1e-9)
      }),
    )
  })

  test('has whole pixels a cell where there is room', () => {
    const room = { width: 150, height: 116 }
    const filters = tiled({ start: 0, tiles: 16, across: 4, tileRows: 3, tileColumns: 3, gap: 1 })
    expect(fit(filters, room)).toEqual({ width: 15 * 7, height: 15 * 7 })
    expect(fit(matrix(0, 10, 400), room).width).toBe(150)
    expect(fit(matrix(0, 1, 10, 'bars'), room)).toEqual({ width: 60, height: 28 })
  })

  test('grows with the scale of the map', () => {
    const widths = [0.6, 1, 2].map((scale) => cardFor('head.fc', { scale }).weights[0]?.width ?? 0)
    expect(widths).toEqual([...widths].sort((a, b) => a - b))
    expect(widths[2]).toBeGreaterThanOrEqual(1.8 * (widths[1] ?? 0))
    expect(widths[0]).toBeLessThan(widths[1] ?? 0)
  })
})

describe('the face of a card', () => {
  const measure: Measure = (text) => 6 * text.length

  test('has words and pictures below each other, inside of it', () => {
    for (const id of ['input', 'conv', 'head.fc', 'output']) {
      const face = faceOf(cardFor(id), measure)
      const parts = [
        ...face.texts.map(({ y }) => ({ y, height: 14 })),
        ...face.pictures.map(({ y, picture }) => ({ y, height: picture.height })),
      ].sort((a, b) => a.y - b.y)
      for (const [i, part] of parts.entries()) {
        const above = parts[i - 1]
        if (above) expect(part.y).toBeGreaterThanOrEqual(above.y + above.height)
        expect(part.y + part.height).toBeLessThanOrEqual(face.height + 1)
      }
      for (const { x, picture } of face.pictures) {
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x + picture.width / 2).toBeCloseTo(face.width / 2, 6)
      }
    }
  })

  test('has a line between weights and activation, where it has both', () => {
    const { line, pictures } = faceOf(cardFor('conv'), measure)
    const [weight, activation] = pictures
    expect(line).toBeGreaterThan((weight?.y ?? NaN) + (weight?.picture.height ?? NaN))
    expect(line).toBeLessThan(activation?.y ?? NaN)
    expect(faceOf(cardFor('input'), measure).line).toBe(-1)
  })

  test('leaves room for its words, but not for endless ones', () => {
    const node = (type: string) => nodeOf('x', { type, kind: 'function' })
    const short = faceOf(cardWith(node('relu'), []), measure)
    const long = faceOf(cardWith(node('a_function_of_a_rather_long_name_indeed'), []), measure)
    expect(short.width).toBe(40)
    expect(long.width).toBe(168 - 26)
  })
})

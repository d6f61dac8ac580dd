import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Graph } from '../../run/graph'
import { isInside, overlap } from '../../testing/boxes'
import { openFixture } from '../../testing/fixture'
import { chainOf, maps } from '../../testing/graphs'
import { tensorOf } from '../../testing/tensors'
import { ProbeRow } from '../probes/row'
import { openedAtFirst, sceneOf, type Ground, type Scene } from './scene'
import { MOST_LEAVES } from './visible'

let ground: Ground

beforeAll(async () => {
  const run = await openFixture('packed')
  const { manifest } = run
  ground = {
    manifest,
    tensors: new Map(manifest.tensors.map((tensor) => [tensor.key, tensor])),
    probe: 0,
    probeRow: new ProbeRow(manifest.probes, await run.inputs(), 10),
    window: { width: 1000, height: 600 },
    measure: (text) => 6.4 * text.length,
  }
})

function groundOf(graph: Graph): Ground {
  return { ...ground, manifest: { ...ground.manifest, graph } }
}

function check(scene: Scene): void {
  for (const [i, { box, face, card, leaf }] of scene.cards.entries()) {
    expect([box.id, leaf.id]).toEqual([card.id, card.id])
    expect([box.width, box.height]).toEqual([face.width, face.height])
    expect(isInside(box, { x: 0, y: 0, ...scene.placement })).toBe(true)
    for (const other of scene.cards.slice(i + 1)) expect(overlap(box, other.box)).toBe(false)
  }
  const ids = new Set(scene.cards.map(({ card }) => card.id))
  for (const { source, target } of scene.routes) expect(ids.has(source) && ids.has(target)).toBe(true)
}

describe('the scene', () => {
  test('of the fixture has its four nodes with their pictures in their places', () => {
    for (const open of [new Set<string>(), new Set(['head'])]) {
      const scene = sceneOf(ground, open)
      check(scene)
      expect(scene.cards).toHaveLength(4)
      expect(scene.routes).toHaveLength(3)
      expect(scene.leftOut).toBe(0)
      expect(scene.frames.map(({ id }) => id)).toEqual(open.size ? ['head/'] : [])
      const keys = scene.pictures.map(({ picture }) => picture.tensor?.key ?? `input ${picture.input}`)
      expect(keys.sort()).toEqual([
        'activation/conv',
        'input -1',
        'input 0',
        'weight/conv.weight',
        'weight/fc.weight',
      ])
      for (const { picture, placed } of scene.pictures) {
        const owner = scene.cards.find(({ face }) => face.pictures.some((drawn) => drawn.picture === picture))
        expect(owner && isInside({ id: '', ...placed }, owner.box)).toBe(true)
        expect(placed).toMatchObject({ sheet: picture.sheet, row: picture.row, width: picture.width })
      }
    }
  })

  test('of any graph has a card for all that is seen, and nothing over anything else', () => {
    fc.assert(
      fc.property(maps, ({ graph, open }) => {
        const scene = sceneOf(groundOf(graph), open)
        check(scene)
        expect(scene.cards).toHaveLength(scene.placement.leaves.size)
      }),
      { numRuns: 40 }, // each is laid out at every scale
    )
  }, 30_000)

  test('opens at first what can still be read', () => {
    expect([...openedAtFirst(ground)]).toEqual(['head'])
    expect([...openedAtFirst({ ...ground, window: { width: 100, height: 60 } })]).toEqual([])
  })

  test('of a run without a graph is empty', () => {
    const scene = sceneOf(
      groundOf({ nodes: [], groups: [], edges: [], partial: 'it was not followed' }),
      new Set(),
    )
    expect([scene.cards, scene.routes, scene.pictures]).toEqual([[], [], []])
  })

  test('of more nodes than can be drawn shows the first of them, soon, and says how many it leaves out', () => {
    const before = performance.now()
    const scene = sceneOf(groundOf(chainOf(50_000)), new Set())
    expect(performance.now() - before).toBeLessThan(4000)
    expect(scene.cards).toHaveLength(MOST_LEAVES)
    expect(scene.leftOut).toBe(50_000 - MOST_LEAVES)
    expect(scene.placement.leaves.size).toBe(MOST_LEAVES)
    expect(scene.routes).toHaveLength(MOST_LEAVES - 1)
  })

  test('of tensors from a stranger that keep more than any memory holds is drawn at once', () => {
    const huge = [
      tensorOf({ name: 'conv.weight', shape: [2 ** 20, 2 ** 20, 3, 3] }),
      tensorOf({ name: 'fc.weight', shape: [2 ** 26, 2 ** 26] }),
      tensorOf({ name: 'conv', role: 'activation', shape: [2, 2 ** 30, 5, 5] }),
    ]
    const before = performance.now()
    const scene = sceneOf(
      { ...ground, tensors: new Map(huge.map((tensor) => [tensor.key, tensor])) },
      new Set(['head']),
    )
    expect(performance.now() - before).toBeLessThan(1000)
    check(scene)
  })
})

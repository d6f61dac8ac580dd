import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInside, overlap } from '../../testing/boxes'
import { chainOf, maps, nodeOf } from '../../testing/graphs'
import { openFixture } from '../../testing/fixture'
import type { Graph } from '../../run/graph'
import type { Size } from '../../pictures/paper/sheet'
import { arcsOf, mapEdges } from './edges'
import { place, placeToFit, SPACE, type Placement } from './place'
import { leavesOf, visibleTree } from './visible'

const longest = fc.oneof(fc.constant(Infinity), fc.integer({ min: 50, max: 1500 }))
const ALL = { width: 40, height: 40 }

function placed(
  graph: Graph,
  open: ReadonlySet<string>,
  sizes: ReadonlyMap<string, Size>,
  room = Infinity,
): Placement {
  const tree = visibleTree(graph, open)
  return place(tree, sizes, arcsOf(tree, mapEdges(graph, open)), room)
}

/** Everything that must hold of a placement, wherever it comes from. */
function check({ leaves, frames, width, height }: Placement): void {
  const boxes = [...leaves.values()]
  const whole = { x: 0, y: 0, width, height }
  for (const [i, box] of boxes.entries()) {
    expect(isInside(box, whole)).toBe(true)
    for (const other of boxes.slice(i + 1)) {
      if (overlap(box, other)) expect.fail(`${box.id} and ${other.id} overlap`)
    }
  }
  for (const frame of frames) {
    expect(isInside(frame, whole)).toBe(true)
    const own = new Set(leavesOf(frame.item).map(({ id }) => id))
    for (const box of boxes) {
      if (own.has(box.id)) expect(isInside(box, frame)).toBe(true)
      else if (overlap(box, frame)) expect.fail(`${box.id} is drawn over ${frame.id}, and is not in it`)
    }
    for (const other of frames) {
      const isNested = isInside(frame, other) || isInside(other, frame)
      if (other !== frame && !isNested && overlap(frame, other))
        expect.fail(`${frame.id} and ${other.id} overlap`)
    }
  }
}

describe('the places on the map', () => {
  test('hold every leaf at its size, apart from every other, inside its groups and the map', () => {
    fc.assert(
      fc.property(maps, longest, ({ graph, open, sizes }, room) => {
        const placement = placed(graph, open, sizes, room)
        const seen = leavesOf(visibleTree(graph, open)).map(({ id }) => id)
        expect([...placement.leaves.keys()].sort()).toEqual(seen.sort())
        for (const [id, { width, height }] of placement.leaves)
          expect({ width, height }).toEqual(sizes.get(id))
        check(placement)
      }),
      { numRuns: 150 },
    )
  })

  test('go from left to right along the flow in a map of one row', () => {
    fc.assert(
      fc.property(maps, ({ graph, sizes }) => {
        const { leaves } = placed(graph, new Set(), sizes)
        const main = leavesOf(visibleTree(graph, new Set())).flatMap((leaf) => {
          const { layer, lane } = leaf.kind === 'node' ? leaf.node : leaf.group
          return lane === 0 ? [{ layer, box: leaves.get(leaf.id) }] : []
        })
        for (const a of main) {
          for (const b of main) {
            if (!a.box || !b.box || a.layer >= b.layer) continue
            expect(b.box.x).toBeGreaterThanOrEqual(a.box.x + a.box.width + SPACE.column - 1e-6)
            expect(a.box.y + a.box.height / 2).toBeCloseTo(b.box.y + b.box.height / 2, 6) // one main line
          }
        }
      }),
    )
  })

  test('are wrapped into rows no longer than they may be, where that can be', () => {
    const { leaves, width } = placed(chainOf(12), new Set(), new Map(), 300)
    expect(width).toBeLessThanOrEqual(300)
    const rows = new Set([...leaves.values()].map(({ y }) => y))
    expect(rows.size).toBe(3)
    const [first = 0, second = 0] = [...rows].sort((a, b) => a - b)
    expect(second - first).toBe(ALL.height + SPACE.row)
  })

  test('put a branch below or above the main line by its lane', () => {
    const nodes = [0, 1, -1].map((lane) => nodeOf(`n${lane}`, { lane }))
    const { leaves } = placed({ nodes, groups: [], edges: [], partial: '' }, new Set(), new Map())
    const tops = ['n-1', 'n0', 'n1'].map((id) => leaves.get(id)?.y)
    expect(tops).toEqual([0, 64, 128])
  })

  test('leave room above a row over which an edge arcs', () => {
    const chain = chainOf(3)
    const skip = { ...chain, edges: [...chain.edges, { source: 'n0', target: 'n2' }] }
    expect(placed(chain, new Set(), new Map()).leaves.get('n1')?.y).toBe(0)
    expect(placed(skip, new Set(), new Map()).leaves.get('n1')?.y).toBe(SPACE.arc)
  })

  test('of nothing are nothing', () => {
    const empty = { nodes: [], groups: [], edges: [], partial: '' }
    expect(placed(empty, new Set(), new Map())).toMatchObject({ width: 0, height: 0, frames: [] })
  })
})

describe('the placement that fits a window', () => {
  const windows = fc.record({
    width: fc.integer({ min: 200, max: 2000 }),
    height: fc.integer({ min: 150, max: 1200 }),
  })

  function fitted(
    graph: Graph,
    open: ReadonlySet<string>,
    sizes: ReadonlyMap<string, Size>,
    window: Size,
  ): Placement {
    const tree = visibleTree(graph, open)
    return placeToFit(tree, sizes, arcsOf(tree, mapEdges(graph, open)), window).placement
  }

  test('is one where nothing overlaps', () => {
    fc.assert(
      fc.property(maps, windows, ({ graph, open, sizes }, window) => {
        check(fitted(graph, open, sizes, window))
      }),
    )
  })

  test('is never seen smaller than the single row', () => {
    fc.assert(
      fc.property(maps, windows, ({ graph, open, sizes }, window) => {
        const zoom = ({ width, height }: Size) => Math.min(window.width / width, window.height / height, 1)
        const single = placed(graph, open, sizes)
        expect(zoom(fitted(graph, open, sizes, window))).toBeGreaterThanOrEqual(zoom(single) - 1e-9)
      }),
    )
  })

  test('stays a single row where that is large enough, and wraps a long chain', () => {
    const window = { width: 1000, height: 600 }
    expect(fitted(chainOf(8), new Set(), new Map(), window).height).toBe(ALL.height)
    expect(fitted(chainOf(80), new Set(), new Map(), window).height).toBeGreaterThan(ALL.height)
  })

  test('of the fixture has its four nodes, with its group closed or open', async () => {
    const { graph } = (await openFixture('packed')).manifest
    for (const open of [new Set<string>(), new Set(['head'])]) {
      const placement = fitted(graph, open, new Map(), { width: 900, height: 500 })
      check(placement)
      expect(placement.leaves.size).toBe(4)
      expect(placement.frames.map(({ id }) => id)).toEqual(open.size ? ['head/'] : [])
    }
  })
})

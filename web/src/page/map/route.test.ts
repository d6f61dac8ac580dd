import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Graph } from '../../run/graph'
import { openFixture } from '../../testing/fixture'
import { chainOf, maps, nodeOf } from '../../testing/graphs'
import { pointsOn, type Point } from '../../testing/paths'
import { arcsOf, mapEdges } from './edges'
import { place, type Box, type Placement } from './place'
import { routesOf, type Route } from './route'
import { visibleTree } from './visible'

const longest = fc.oneof(fc.constant(Infinity), fc.integer({ min: 50, max: 1500 }))

function routed(
  graph: Graph,
  open: ReadonlySet<string>,
  sizes: Placement['leaves'] | Map<string, Box> | Map<string, { width: number; height: number }>,
  room: number,
) {
  const tree = visibleTree(graph, open)
  const edges = mapEdges(graph, open)
  const placement = place(tree, sizes, arcsOf(tree, edges), room)
  return { edges, placement, routes: routesOf(edges, placement) }
}

/** Whether a point lies in a box, more than a pixel deep. */
function isIn({ x, y }: Point, box: Box): boolean {
  return x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1
}

/** The boxes that a route crosses, but for its ends. */
function crossed({ path, source, target }: Route, { leaves }: Placement): string[] {
  const points = pointsOn(path)
  const others = [...leaves.values()].filter(({ id }) => id !== source && id !== target)
  return others.filter((box) => points.some((point) => isIn(point, box))).map(({ id }) => id)
}

describe('the routes of the edges', () => {
  test('are one an edge, of finite numbers, from the right of its source to the left of its target', () => {
    fc.assert(
      fc.property(maps, longest, ({ graph, open, sizes }, room) => {
        const { edges, placement, routes } = routed(graph, open, sizes, room)
        const names = ({ source, target }: { source: string; target: string }) => `${source} ${target}`
        expect(routes.map(names).sort()).toEqual(edges.map(names).sort())
        for (const { path, tip, source, target } of routes) {
          const [from, to] = [placement.leaves.get(source), placement.leaves.get(target)]
          if (!from || !to) throw new Error('an end is not there')
          const points = pointsOn(path)
          expect(path).toMatch(/^M[-0-9.,LCQ ]+$/)
          expect(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true)
          expect(points[0]?.x).toBeCloseTo(from.x + from.width + 7, 0)
          expect(points[0]?.y).toBeCloseTo(from.y + from.height / 2, 0)
          expect(tip.x - (points.at(-1)?.x ?? 0)).toBeGreaterThan(-0.1) // the head reaches from there to the tip
          expect(tip.x - (points.at(-1)?.x ?? 0)).toBeLessThan(7.1)
          expect(points.at(-1)?.y).toBeCloseTo(tip.y, 0)
          expect(tip.x).toBe(to.x - 7)
        }
      }),
    )
  })

  test('cross no box where they go straight or with one bend', () => {
    fc.assert(
      fc.property(maps, longest, ({ graph, open, sizes }, room) => {
        const { placement, routes } = routed(graph, open, sizes, room)
        for (const route of routes) {
          const from = placement.leaves.get(route.source)
          const isDirect = !route.isSkip && from && route.tip.x > from.x + from.width + 7
          if (isDirect) expect(crossed(route, placement)).toEqual([])
        }
      }),
      { numRuns: 150 },
    )
  })

  test('go straight where nothing stands in the way', () => {
    fc.assert(
      fc.property(maps, longest, ({ graph, open, sizes }, room) => {
        const { placement, routes } = routed(graph, open, sizes, room)
        for (const { source, target, path, tip } of routes) {
          const [from, to] = [placement.leaves.get(source), placement.leaves.get(target)]
          if (!from || !to) continue
          const y = from.y + from.height / 2
          const isLevel = Math.abs(y - to.y - to.height / 2) < 0.5 && to.x > from.x + from.width + 14
          const between = [...placement.leaves.values()].filter(
            (box) => box !== from && box !== to && box.x < tip.x && box.x + box.width > from.x + from.width,
          )
          const isFree = between.every((box) => box.y + box.height < y - 5 || box.y > y + 5)
          if (isLevel && isFree) expect(path).toMatch(/^M[^MLCQ]+L[^MLCQ]+$/)
        }
      }),
    )
  })
})

describe('the route of an edge', () => {
  test('to the next node is a line', () => {
    const { routes } = routed(chainOf(2), new Set(), new Map(), Infinity)
    expect(routes).toEqual([
      { source: 'n0', target: 'n1', from: 'n0', path: 'M47,20L60,20', tip: { x: 67, y: 20 }, isSkip: false },
    ])
  })

  test('that skips a node arcs over it, and crosses nothing', () => {
    const chain = chainOf(4)
    const graph = {
      ...chain,
      edges: [...chain.edges, { source: 'n0', target: 'n3' }, { source: 'n0', target: 'n2' }],
    }
    const { placement, routes } = routed(graph, new Set(), new Map(), Infinity)
    const skips = routes.filter(({ isSkip }) => isSkip)
    expect(skips.map(({ target }) => target)).toEqual(['n2', 'n3'])
    const tops = skips.map(({ path }) => Math.min(...pointsOn(path).map(({ y }) => y)))
    const [inner = NaN, outer = NaN] = tops
    expect(inner).toBeLessThan(Math.min(...[...placement.leaves.values()].map(({ y }) => y)))
    expect(outer).toBeLessThan(inner) // the longer one runs further out
    for (const route of skips) expect(crossed(route, placement)).toEqual([])
  })

  test('to the next row runs back between the rows, and crosses nothing', () => {
    const { placement, routes } = routed(chainOf(6), new Set(), new Map(), 200)
    const back = routes.find(
      ({ source, target }) => (placement.leaves.get(target)?.y ?? 0) > (placement.leaves.get(source)?.y ?? 0),
    )
    expect(back).toBeDefined()
    expect(back && crossed(back, placement)).toEqual([])
  })

  test('back to an earlier node runs below both', () => {
    const chain = chainOf(3)
    const graph = { ...chain, edges: [...chain.edges, { source: 'n2', target: 'n0' }] }
    const { placement, routes } = routed(graph, new Set(), new Map(), Infinity)
    const loop = routes.find(({ target }) => target === 'n0')
    expect(loop && Math.max(...pointsOn(loop.path).map(({ y }) => y))).toBeGreaterThan(placement.height)
    expect(loop && crossed(loop, placement)).toEqual([])
  })

  test('past a box between two lanes does not cross it', () => {
    const nodes = [
      nodeOf('a'),
      nodeOf('main', { layer: 1 }),
      nodeOf('between', { layer: 1, lane: 1 }),
      nodeOf('end', { layer: 2 }),
      nodeOf('b', { layer: 2, lane: 2 }),
    ]
    const graph = { nodes, groups: [], edges: [{ source: 'a', target: 'b' }], partial: '' }
    const { placement, routes } = routed(graph, new Set(), new Map(), Infinity)
    expect(routes.flatMap((route) => crossed(route, placement))).toEqual([])
    expect(routes.map(({ isSkip }) => isSkip)).toEqual([false]) // a narrow bend has room
  })

  test('of the fixture are three lines', async () => {
    const { graph } = (await openFixture('packed')).manifest
    for (const open of [new Set<string>(), new Set(['head'])]) {
      const { routes } = routed(graph, open, new Map(), Infinity)
      expect(routes.map(({ isSkip }) => isSkip)).toEqual([false, false, false])
    }
  })
})

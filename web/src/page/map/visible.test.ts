import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Graph, GraphGroup } from '../../run/graph'
import { openFixture } from '../../testing/fixture'
import { graphs, maps, nodeOf } from '../../testing/graphs'
import { arcsOf, mapEdges } from './edges'
import {
  leafOfNode,
  leavesOf,
  openAtFirst,
  placeOf,
  visibleTree,
  withOnly,
  type Item,
  type OpenItem,
} from './visible'

function groupOf(path: string, more: Partial<GraphGroup> = {}): GraphGroup {
  return {
    path,
    type: 'Block',
    group: path.split('.').slice(0, -1).join('.'),
    layer: 0,
    lane: 0,
    like: '',
    ...more,
  }
}

/** Blocks `b0` to `b<n>` that are alike, each with two nodes and a group `inner` of two. */
function blocks(count: number): Graph {
  const groups = Array.from({ length: count }, (_, i) => `b${i}`).flatMap((path, i) => [
    groupOf(path, { layer: i, like: i ? 'b0' : '' }),
    groupOf(`${path}.inner`, { like: i ? 'b0.inner' : '' }),
  ])
  const nodes = groups.flatMap(({ path }) =>
    [0, 1].map((layer) => nodeOf(`${path}.n${layer}`, { group: path, layer })),
  )
  return { nodes, groups, edges: [], partial: '' }
}

function openItems(item: Item): OpenItem[] {
  return item.kind === 'open' ? [item, ...item.children.flatMap(openItems)] : []
}

describe('what is seen', () => {
  test('holds every node once: itself, or in the outermost of its groups that is closed', () => {
    fc.assert(
      fc.property(maps, ({ graph, open }) => {
        const leaves = leavesOf(visibleTree(graph, open))
        const held = leaves.flatMap((leaf) =>
          leaf.kind === 'node' ? [leaf.node.id] : leaf.inside.map(({ id }) => id),
        )
        expect([...held].sort()).toEqual(graph.nodes.map(({ id }) => id).sort())
        expect(new Set(leaves.map(({ id }) => id)).size).toBe(leaves.length)
        const leafOf = leafOfNode(graph, open)
        for (const leaf of leaves) {
          const inside = leaf.kind === 'node' ? [leaf.node] : leaf.inside
          for (const { id } of inside) expect(leafOf.get(id)).toBe(leaf.id)
          if (leaf.kind === 'closed') expect(leaf.id).toBe(`${leaf.group.path}/`)
        }
      }),
    )
  })

  test('opens a group only inside an open one', () => {
    fc.assert(
      fc.property(maps, ({ graph, open }) => {
        const seen = openItems(visibleTree(graph, open)).flatMap(({ group }) => group?.path ?? [])
        for (const path of seen) {
          expect(open.has(path)).toBe(true)
          const { group } = graph.groups.find((candidate) => candidate.path === path) ?? {}
          if (group) expect(seen).toContain(group)
        }
      }),
    )
  })

  test('of part of the leaves has those and no empty groups', () => {
    fc.assert(
      fc.property(maps, fc.nat(10), ({ graph, open }, most) => {
        const tree = visibleTree(graph, open)
        const kept = leavesOf(tree).slice(0, most)
        const part = withOnly(tree, new Set(kept))
        expect(leavesOf(part)).toEqual(kept)
        for (const item of openItems(part).slice(1)) expect(leavesOf(item).length).toBeGreaterThan(0)
      }),
    )
  })

  test('has the place of a node or group among its siblings', () => {
    const [group] = visibleTree(blocks(3), new Set()).children.slice(2)
    expect(group && placeOf(group)).toEqual({ layer: 2, lane: 0 })
    expect(placeOf(visibleTree(blocks(1), new Set()))).toEqual({ layer: 0, lane: 0 })
  })
})

describe('the edges that are seen', () => {
  test('join the leaves that hold their ends, each pair once, and none with itself', () => {
    fc.assert(
      fc.property(maps, ({ graph, open }) => {
        const leafOf = leafOfNode(graph, open)
        const edges = mapEdges(graph, open)
        const wanted = graph.edges
          .map(({ source, target }) => [leafOf.get(source), leafOf.get(target)])
          .filter(([source, target]) => source !== target)
          .map((ends) => ends.join(' '))
        expect(edges.map(({ source, target }) => `${source} ${target}`).sort()).toEqual(
          [...new Set(wanted)].sort(),
        )
      }),
    )
  })

  test('are one where many nodes of one closed group lead to another', () => {
    const graph = {
      ...blocks(2),
      edges: [
        { source: 'b0.n0', target: 'b1.n0' },
        { source: 'b0.inner.n1', target: 'b1.n1' },
        { source: 'b0.n0', target: 'b0.n1' },
      ],
    }
    expect(mapEdges(graph, new Set())).toEqual([{ source: 'b0/', target: 'b1/', from: 'b0.n0' }])
  })
})

describe('the groups with arcs', () => {
  const graph = { ...blocks(3), edges: [{ source: 'b0.n0', target: 'b2.n0' }] }

  function arcs(edges: Graph['edges'], open: ReadonlySet<string> = new Set()): string[] {
    const tree = visibleTree({ ...graph, edges }, open)
    const found = arcsOf(tree, mapEdges({ ...graph, edges }, open))
    return openItems(tree)
      .filter((item) => found.hasArcs(item))
      .map(({ id }) => id)
  }

  test('are those where an edge passes over something on the main line', () => {
    expect(arcs(graph.edges)).toEqual([''])
    expect(arcs([{ source: 'b0.n0', target: 'b1.n0' }])).toEqual([])
    expect(arcs([{ source: 'b2.n0', target: 'b0.n0' }])).toEqual([])
  })

  test('are those that an edge leaves over their later nodes', () => {
    expect(arcs([{ source: 'b0.n0', target: 'b1.n0' }], new Set(['b0']))).toEqual(['b0/'])
    expect(arcs([{ source: 'b0.n1', target: 'b1.n0' }], new Set(['b0']))).toEqual([])
    expect(arcs([{ source: 'b0.n0', target: 'b1.n1' }], new Set(['b1']))).toEqual(['b1/'])
  })
})

describe('the groups that are open at first', () => {
  test('are as deep as the map can be read, and of those that are alike only the first', () => {
    expect([...openAtFirst(blocks(4), () => true)].sort()).toEqual(['b0', 'b0.inner'])
    expect([...openAtFirst(blocks(4), (open) => open.size <= 1)]).toEqual(['b0'])
    expect([...openAtFirst(blocks(4), () => false)]).toEqual([])
  })

  test('are not those that would show too much at once', () => {
    expect([...openAtFirst(blocks(40), () => true)]).toEqual([])
  })

  test('are in any case those that are all there is', () => {
    expect([...openAtFirst(blocks(1), () => false)]).toEqual(['b0'])
  })

  test('are groups of the graph whose parents are open too, and few enough', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const open = openAtFirst(graph, () => true)
        for (const path of open) {
          const { group } = graph.groups.find((candidate) => candidate.path === path) ?? { group: 'missing' }
          if (group) expect(open.has(group)).toBe(true)
        }
        // A group that is all there is opens in any case.
        const parents = ['', ...graph.groups.map(({ path }) => path)]
        const isForced = parents.some((parent) => {
          const nodes = graph.nodes.filter(({ group }) => group === parent)
          return nodes.length === 0 && graph.groups.filter(({ group }) => group === parent).length === 1
        })
        if (!isForced) expect(leavesOf(visibleTree(graph, open)).length).toBeLessThanOrEqual(30)
      }),
    )
  })

  test('of the fixture is its only group', async () => {
    const { graph } = (await openFixture('packed')).manifest
    expect([...openAtFirst(graph, () => true)]).toEqual(['head'])
  })
})

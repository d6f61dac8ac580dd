/** Graphs that no fixture has: groups in groups, branches beside the main line, skips and loops. */
import fc from 'fast-check'
import type { Size } from '../pictures/paper/sheet'
import type { Graph, GraphEdge, GraphGroup, GraphNode } from '../run/graph'

/** What stands at a place of a group: a node, or a group with places of its own. */
interface Place {
  readonly layer: number
  readonly lane: number
  readonly inside: readonly Place[] | null
}

const LANES = [0, 1, -1, 2]

/** As the recorder lays a group out: the main line is in lane 0 of every layer, and a place is taken once. */
const { places } = fc.letrec<{ places: readonly Place[] }>((tie) => ({
  places: fc
    .array(fc.uniqueArray(fc.constantFrom(...LANES.slice(1)), { maxLength: 2 }), {
      minLength: 1,
      maxLength: 5,
    })
    .chain((layers) => {
      const free = layers.flatMap((lanes, layer) => [0, ...lanes].map((lane) => ({ layer, lane })))
      const insides = free.map(() =>
        fc.option(tie('places'), { freq: 3, maxDepth: 2, depthIdentifier: 'groups' }),
      )
      return fc.tuple(...insides).map((filled) => free.map((at, i) => ({ ...at, inside: filled[i] ?? null })))
    }),
}))

interface Found {
  readonly nodes: GraphNode[]
  readonly groups: GraphGroup[]
}

function collect(inside: readonly Place[], group: string, found: Found): void {
  for (const [i, { layer, lane, inside: further }] of inside.entries()) {
    const path = group ? `${group}.${i}` : `m${i}`
    if (further) {
      found.groups.push({ path, type: 'Block', group, layer, lane, like: '' })
      collect(further, path, found)
    } else {
      found.nodes.push(nodeOf(path, { group, layer, lane }))
    }
  }
}

export function nodeOf(id: string, more: Partial<GraphNode> = {}): GraphNode {
  return { id, kind: 'module', type: 'Linear', group: '', layer: 0, lane: 0, tensors: [], shape: [], ...more }
}

/** A graph of nodes in one line. */
export function chainOf(count: number): Graph {
  const nodes = Array.from({ length: count }, (_, i) => nodeOf(`n${i}`, { layer: i }))
  const edges = nodes.slice(1).map(({ id }, i) => ({ source: `n${i}`, target: id }))
  return { nodes, groups: [], edges, partial: '' }
}

export const graphs: fc.Arbitrary<Graph> = places
  .map((inside) => {
    const found: Found = { nodes: [], groups: [] }
    collect(inside, '', found)
    return found
  })
  .filter(({ nodes }) => nodes.length <= 40)
  .chain(({ nodes, groups }) => {
    const id = fc.nat(nodes.length - 1).map((i) => nodes[i]?.id ?? '')
    const edge: fc.Arbitrary<GraphEdge> = fc.record({ source: id, target: id })
    return fc
      .array(edge, { maxLength: 12 })
      .map((edges) => ({ nodes, groups, edges: [...chained(nodes), ...edges], partial: '' }))
  })

function chained(nodes: readonly GraphNode[]): GraphEdge[] {
  return nodes.slice(1).map(({ id }, i) => ({ source: nodes[i]?.id ?? '', target: id }))
}

/** A graph, which of its groups are open, and how large each card is. */
export const maps = graphs.chain((graph) =>
  fc.record({
    graph: fc.constant(graph),
    open: fc.subarray(graph.groups.map(({ path }) => path)).map((paths) => new Set(paths)),
    sizes: fc
      .array(
        fc.record({ width: fc.integer({ min: 20, max: 200 }), height: fc.integer({ min: 15, max: 220 }) }),
        {
          minLength: 7,
          maxLength: 7,
        },
      )
      .map((some) => sizesOf(graph, some)),
  }),
)

function sizesOf(graph: Graph, some: readonly Size[]): Map<string, Size> {
  const ids = [...graph.nodes.map(({ id }) => id), ...graph.groups.map(({ path }) => `${path}/`)]
  return new Map(ids.map((id, i) => [id, some[i % some.length] ?? { width: 40, height: 40 }]))
}

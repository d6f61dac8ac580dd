/** The edges of the graph as they are seen on the map: between leaves, each once. */
import type { Graph } from '../../run/graph'
import type { Arcs } from './place'
import type { MapEdge } from './route'
import { leafOfNode, leavesOf, placeOf, type Item, type OpenItem } from './visible'

export function mapEdges(graph: Graph, open: ReadonlySet<string>): MapEdge[] {
  const leaf = leafOfNode(graph, open)
  const seen = new Set<string>()
  const edges: MapEdge[] = []
  for (const edge of graph.edges) {
    const [source, target] = [leaf.get(edge.source), leaf.get(edge.target)]
    const key = `${source}\n${target}`
    if (source === undefined || target === undefined || source === target || seen.has(key)) continue
    seen.add(key)
    edges.push({ source, target, from: edge.source })
  }
  return edges
}

/** Which groups have an edge that passes over one of their children. */
export function arcsOf(tree: OpenItem, edges: readonly MapEdge[]): Arcs {
  const withArcs = new Set<string>()
  const visit = (item: OpenItem): void => {
    const child = new Map<string, Item>()
    for (const sibling of item.children) for (const leaf of leavesOf(sibling)) child.set(leaf.id, sibling)
    const main = new Set(item.children.filter((c) => placeOf(c).lane === 0).map((c) => placeOf(c).layer))
    const passes = edges.some((edge) => {
      const [source, target] = [child.get(edge.source), child.get(edge.target)]
      if ((!source && !target) || source === target) return false
      const from = source ? placeOf(source) : { layer: -1, lane: 0 }
      const to = target ? placeOf(target) : { layer: Infinity, lane: 0 }
      if (from.lane !== 0 || to.lane !== 0) return false
      return [...main].some((layer) => layer > from.layer && layer < to.layer)
    })
    if (passes) withArcs.add(item.id)
    for (const sibling of item.children) if (sibling.kind === 'open') visit(sibling)
  }
  visit(tree)
  return { hasArcs: (item) => withArcs.has(item.id) }
}

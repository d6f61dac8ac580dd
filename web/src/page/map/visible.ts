/** Which nodes and groups of the graph are on the map: a tree of open groups, closed groups and nodes. */
import type { Graph, GraphGroup, GraphNode } from '../../run/graph'

export interface NodeItem {
  readonly kind: 'node'
  /** Unique on the map; of a group it ends in a slash, which no node's does. */
  readonly id: string
  readonly node: GraphNode
}

/** A closed group: one item for all the nodes inside. */
export interface ClosedItem {
  readonly kind: 'closed'
  readonly id: string
  readonly group: GraphGroup
  /** Every node inside, in the order of the graph. */
  readonly inside: readonly GraphNode[]
}

export interface OpenItem {
  readonly kind: 'open'
  readonly id: string
  /** Null for the whole network. */
  readonly group: GraphGroup | null
  readonly children: readonly Item[]
}

export type Item = NodeItem | ClosedItem | OpenItem
export type Leaf = NodeItem | ClosedItem

/** The paths of open groups, or what is open where none are named. */
export function openPaths(
  named: readonly string[] | null,
  otherwise: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  return named ? new Set(named) : otherwise
}

/** More leaves than this are not drawn at once. */
export const MOST_LEAVES = 1500

/** Where an item stands among its siblings. */
export function placeOf(item: Item): { layer: number; lane: number } {
  const { layer = 0, lane = 0 } = item.kind === 'node' ? item.node : (item.group ?? {})
  return { layer, lane }
}

/** The tree of what is seen when these groups are open. */
export function visibleTree(graph: Graph, open: ReadonlySet<string>): OpenItem {
  const family = familyOf(graph)
  const build = (group: GraphGroup): Item =>
    open.has(group.path)
      ? { kind: 'open', id: `${group.path}/`, group, children: childrenOf(group.path) }
      : { kind: 'closed', id: `${group.path}/`, group, inside: family.inside(group.path) }
  const childrenOf = (path: string): Item[] => [
    ...family.nodes(path).map((node): Item => ({ kind: 'node', id: node.id, node })),
    ...family.groups(path).map(build),
  ]
  return { kind: 'open', id: '', group: null, children: childrenOf('') }
}

/** The nodes and closed groups of a tree. */
export function leavesOf(item: Item): Leaf[] {
  return item.kind === 'open' ? item.children.flatMap(leavesOf) : [item]
}

/** The part of a tree that holds these leaves; groups that hold none of them are left out. */
export function withOnly(tree: OpenItem, leaves: ReadonlySet<Leaf>): OpenItem {
  const children = tree.children.flatMap((child): readonly Item[] => {
    if (child.kind !== 'open') return leaves.has(child) ? [child] : []
    const inner = withOnly(child, leaves)
    return inner.children.length ? [inner] : []
  })
  return { ...tree, children }
}

/** At most so many items are seen at first. */
const MOST_AT_FIRST = 30

/**
 * The groups to open at first: as deep as the map can still be read. Of repeated blocks only the first opens; a group
 * that is all there is opens in any case.
 */
export function openAtFirst(
  graph: Graph,
  isLegible: (open: ReadonlySet<string>) => boolean,
): ReadonlySet<string> {
  const family = familyOf(graph)
  let open = new Set<string>()
  let candidates = family.groups('')
  while (candidates.length) {
    const first = candidates.filter((group) => !group.like).map((group) => group.path)
    const deeper = new Set([...open, ...first])
    const isAll = candidates.length === 1 && family.nodes(candidates[0]?.group ?? '').length === 0
    const isTooMuch = leavesOf(visibleTree(graph, deeper)).length > MOST_AT_FIRST || !isLegible(deeper)
    if (isTooMuch && !isAll) break
    candidates = first.flatMap((path) => family.groups(path))
    open = deeper
  }
  return open
}

/** Where an end of an edge is on the map: the node itself, or the closed group it is in. */
export function leafOfNode(graph: Graph, open: ReadonlySet<string>): Map<string, string> {
  const groups = new Map(graph.groups.map((group) => [group.path, group]))
  const found = new Map<string, string>()
  for (const node of graph.nodes) {
    let leaf = node.id
    for (let path = node.group; path; path = groups.get(path)?.group ?? '')
      if (!open.has(path)) leaf = `${path}/`
    found.set(node.id, leaf)
  }
  return found
}

function familyOf(graph: Graph) {
  const nodes = groupBy(graph.nodes)
  const groups = groupBy(graph.groups)
  const inside = (path: string): GraphNode[] => [
    ...(nodes.get(path) ?? []),
    ...(groups.get(path) ?? []).flatMap((group) => inside(group.path)),
  ]
  return {
    nodes: (path: string): readonly GraphNode[] => nodes.get(path) ?? [],
    groups: (path: string): readonly GraphGroup[] => groups.get(path) ?? [],
    inside,
  }
}

function groupBy<T extends { readonly group: string }>(items: readonly T[]): Map<string, T[]> {
  const by = new Map<string, T[]>()
  for (const item of items) {
    const known = by.get(item.group)
    if (known) known.push(item)
    else by.set(item.group, [item])
  }
  return by
}

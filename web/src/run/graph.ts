/** The network as data flows through it, with its layout. Read from the manifest and checked. */
import { broken } from './errors'
import type { Fields } from './fields'

export type NodeKind = 'input' | 'module' | 'function' | 'output'

export interface GraphNode {
  /** The module's path, with `#2` for its second call, or `path/function`. */
  readonly id: string
  readonly kind: NodeKind
  /** The module's class or the function's name. */
  readonly type: string
  /** The path of the module it stands in; empty at the top. */
  readonly group: string
  /** Its place along the flow, and across it (0 is the main line), within its group. */
  readonly layer: number
  readonly lane: number
  /** Names of the weights it owns. */
  readonly tensors: readonly string[]
  /** The shape of what it puts out, probes first; empty when unknown. */
  readonly shape: readonly number[]
}

/** A module with modules inside, which the page can open and close. */
export interface GraphGroup {
  readonly path: string
  readonly type: string
  readonly group: string
  readonly layer: number
  readonly lane: number
  /** An earlier group with the same inside (a repeated block); empty if none. */
  readonly like: string
}

export interface GraphEdge {
  readonly source: string
  readonly target: string
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly groups: readonly GraphGroup[]
  readonly edges: readonly GraphEdge[]
  /** What could not be followed; empty when all was. */
  readonly partial: string
}

/** Larger graphs than any traced model's are not laid out. */
const MOST_NODES = 100_000
const MOST_EDGES = 1_000_000

export function readGraph(f: Fields): Graph {
  const graph = {
    nodes: f.items('nodes', readNode),
    groups: f.items('groups', readGroup),
    edges: f.items('edges', (e) => ({ source: e.text('source'), target: e.text('target') })),
    partial: f.text('partial', ''),
  }
  if (
    graph.nodes.length > MOST_NODES ||
    graph.groups.length > MOST_NODES ||
    graph.edges.length > MOST_EDGES
  ) {
    throw broken(`its graph has ${graph.nodes.length} nodes and ${graph.edges.length} edges`)
  }
  checkNames(graph)
  return graph
}

function checkNames(graph: Graph): void {
  const ids = new Set(graph.nodes.map((node) => node.id))
  const paths = new Set(graph.groups.map((group) => group.path))
  if (ids.size !== graph.nodes.length) throw broken('two nodes of its graph have one id')
  if (paths.size !== graph.groups.length) throw broken('two groups of its graph have one path')
  for (const edge of graph.edges) {
    if (!ids.has(edge.source) || !ids.has(edge.target)) {
      throw broken(`an edge goes from '${edge.source}' to '${edge.target}', and one of them is no node`)
    }
  }
  for (const { group } of [...graph.nodes, ...graph.groups]) {
    if (group && !paths.has(group)) throw broken(`'${group}' is no group of the graph`)
  }
  for (const group of graph.groups) {
    // A path that extends its parent's cannot be part of a circle.
    if (group.group && !group.path.startsWith(`${group.group}.`)) {
      throw broken(`group '${group.path}' says that it stands in '${group.group}'`)
    }
  }
}

function readNode(f: Fields): GraphNode {
  const id = f.text('id')
  const kind = f.text('kind')
  if (kind !== 'input' && kind !== 'module' && kind !== 'function' && kind !== 'output') {
    throw broken(`node '${id}' is of the kind '${kind}'`)
  }
  return {
    id,
    kind,
    type: f.text('type'),
    group: f.text('group', ''),
    layer: f.whole('layer'),
    lane: f.number('lane'),
    tensors: f.texts('tensors'),
    shape: f.shape('shape'),
  }
}

function readGroup(f: Fields): GraphGroup {
  return {
    path: f.text('path'),
    type: f.text('type'),
    group: f.text('group', ''),
    layer: f.whole('layer'),
    lane: f.number('lane'),
    like: f.text('like', ''),
  }
}

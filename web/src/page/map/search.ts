/** Finds nodes and groups by their name, type and tensors, while it is typed. */
import type { Graph } from '../../run/graph'

export interface Entry {
  /** As the map names it: a group's ends in a slash. */
  readonly id: string
  readonly name: string
  readonly type: string
  /** Names of the weights it owns. */
  readonly tensors: readonly string[]
  /** The groups around it, outer ones first: they have to be open for it to be seen. */
  readonly groups: readonly string[]
}

interface Indexed {
  readonly entry: Entry
  readonly name: string
  readonly rest: string
}

/** Everything that can be found; made once a graph. */
export function indexOf(graph: Graph): readonly Indexed[] {
  const parents = new Map(graph.groups.map(({ path, group }) => [path, group]))
  const around = (group: string): string[] => (group ? [...around(parents.get(group) ?? ''), group] : [])
  const entries: Entry[] = [
    ...graph.groups.map(({ path, type, group }) => ({
      id: `${path}/`,
      name: path,
      type,
      tensors: [],
      groups: around(group),
    })),
    ...graph.nodes.map(({ id, type, tensors, group }) => ({
      id,
      name: id,
      type,
      tensors,
      groups: around(group),
    })),
  ]
  return entries.map((entry) => ({
    entry,
    name: entry.name.toLowerCase(),
    rest: [entry.type, ...entry.tensors].join(' ').toLowerCase(),
  }))
}

/** What has every word of a query, the best first: by the name's end, its parts, anywhere in it, then by the rest. */
export function find(index: readonly Indexed[], query: string): readonly Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return index.map(({ entry }) => entry)
  const ranked = index.flatMap((one) => {
    const ranks = words.map((word) => rankOf(one, word))
    return ranks.includes(Infinity) ? [] : [{ entry: one.entry, rank: Math.max(...ranks) }]
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry)
}

function rankOf({ name, rest }: Indexed, word: string): number {
  if (name === word) return 0
  const at = name.lastIndexOf(word)
  if (at >= 0) {
    const isPart = at === 0 || /[./#]/.test(name[at - 1] ?? '')
    if (isPart) return at + word.length === name.length ? 1 : 2
    return 3
  }
  return rest.includes(word) ? 4 : Infinity
}

/** In which order a hand on the keyboard walks over the map: as data flows, and to the neighbours of a node. */
import type { Graph } from '../../run/graph'
import type { Frame } from './place'
import type { PlacedCard, Scene } from './scene'
import { leavesOf } from './visible'

/** A card with its place among the cards of the scene, or the name of an open group. */
export type Thing =
  | { readonly kind: 'card'; readonly id: string; readonly placed: PlacedCard; readonly place: number }
  | { readonly kind: 'frame'; readonly id: string; readonly frame: Frame }

/** Cards and the names of open groups in the order of the flow, a group before what is inside. */
export function inFlow({ nodes }: Graph, { cards, frames }: Scene): readonly Thing[] {
  const place = new Map(nodes.map(({ id }, i) => [id, i]))
  const first = (leaf: PlacedCard['leaf']): number =>
    leaf.kind === 'node' ? (place.get(leaf.id) ?? 0) : (place.get(leaf.inside[0]?.id ?? '') ?? 0)
  const things: { readonly at: number; readonly depth: number; readonly thing: Thing }[] = [
    ...frames.map((frame) => ({
      at: Math.min(...leavesOf(frame.item).map(first)),
      depth: frame.depth,
      thing: { kind: 'frame' as const, id: frame.id, frame },
    })),
    ...cards.map((placed, place) => ({
      at: first(placed.leaf),
      depth: Infinity,
      thing: { kind: 'card' as const, id: placed.card.id, placed, place },
    })),
  ]
  return things
    .sort((a, b) => a.at - b.at || (a.depth === b.depth ? 0 : a.depth - b.depth))
    .map(({ thing }) => thing)
}

export type Direction = 'upstream' | 'downstream' | 'above' | 'below'

const KEYS: Readonly<Record<string, Direction>> = {
  h: 'upstream',
  l: 'downstream',
  k: 'above',
  j: 'below',
  ArrowLeft: 'upstream',
  ArrowRight: 'downstream',
  ArrowUp: 'above',
  ArrowDown: 'below',
}

/** Where a key leads: letters by themselves, arrows with Alt, since by themselves they are the clock's. */
export function directionOf({ key, altKey }: KeyboardEvent): Direction | null {
  return key.startsWith('Arrow') === altKey ? (KEYS[key] ?? null) : null
}

/** The card next to another; null where there is none. */
export function neighbour({ cards, routes }: Scene, id: string, direction: Direction): string | null {
  const here = cards.find(({ card }) => card.id === id)?.box
  if (!here) return cards[0]?.card.id ?? null
  const isAlong = direction === 'upstream' || direction === 'downstream'
  const ends = routes.flatMap(({ source, target }) => {
    if (direction === 'downstream') return source === id ? [target] : []
    return target === id && direction === 'upstream' ? [source] : []
  })
  const found = cards.filter(({ card, box }) => {
    if (isAlong) return ends.includes(card.id)
    return direction === 'below' ? box.y >= here.y + here.height : box.y + box.height <= here.y
  })
  const middle = (box: typeof here) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 })
  const from = middle(here)
  const distance = ({ box }: PlacedCard): number => {
    const { x, y } = middle(box)
    return Math.hypot(x - from.x, (y - from.y) * (isAlong ? 1 : 2))
  }
  return found.sort((a, b) => distance(a) - distance(b))[0]?.card.id ?? null
}

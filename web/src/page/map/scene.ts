/** The whole map for one set of open groups: cards, their places, and the paths of the edges. Pure arithmetic. */
import type { Size } from '../../pictures/paper/sheet'
import type { Manifest, TensorEntry } from '../../run/manifest'
import type { Placed } from '../painting/painter'
import type { ProbeRow } from '../probes/row'
import { cardOf, type Card, type CardPicture } from './cards'
import { arcsOf, mapEdges } from './edges'
import { faceOf, type Face, type Measure } from './face'
import { placeToFit, type Box, type Frame, type Placement } from './place'
import { routesOf, type Route } from './route'
import { leavesOf, MOST_LEAVES, openAtFirst, visibleTree, withOnly, type Leaf } from './visible'

/** What the map is made from. */
export interface Ground {
  readonly manifest: Manifest
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly probe: number
  readonly probeRow: ProbeRow
  /** The room there is, without its margins. */
  readonly window: Size
  readonly measure: Measure
}

export interface PlacedCard {
  readonly leaf: Leaf
  readonly card: Card
  readonly face: Face
  readonly box: Box
}

export interface Scene {
  readonly cards: readonly PlacedCard[]
  readonly frames: readonly Frame[]
  readonly routes: readonly Route[]
  readonly pictures: readonly { readonly picture: CardPicture; readonly placed: Placed }[]
  readonly placement: Placement
  /** How many leaves there are more than are drawn. */
  readonly leftOut: number
}

/** A map drawn smaller than this is not read; groups stay closed rather. */
const LEGIBLE = 0.45

/** The groups to open at first: as deep as the map can still be read. */
export function openedAtFirst(ground: Ground): ReadonlySet<string> {
  const { window } = ground
  return openAtFirst(ground.manifest.graph, (open) => {
    const { placement } = sceneOf(ground, open)
    return Math.min(window.width / placement.width, window.height / placement.height) >= LEGIBLE
  })
}

export function sceneOf(ground: Ground, open: ReadonlySet<string>): Scene {
  const { graph } = ground.manifest
  const whole = visibleTree(graph, open)
  const edges = mapEdges(graph, open)
  const all = leavesOf(whole)
  const leaves = all.slice(0, MOST_LEAVES)
  // What is not drawn is not placed either: placing takes a time that goes with the square of it.
  const tree = leaves.length < all.length ? withOnly(whole, new Set(leaves)) : whole
  const feeds = new Map(graph.edges.map((edge) => [edge.target, edge.source]))
  const faces = leaves.map((leaf) => {
    const card = cardOf(leaf, { ...ground, feeds, cards: leaves.length })
    return { leaf, card, face: faceOf(card, ground.measure) }
  })
  const sizes = new Map(faces.map(({ card, face }) => [card.id, face]))
  const placement = placeToFit(tree, sizes, arcsOf(tree, edges), ground.window)
  const cards = faces.flatMap((faced) => {
    const box = placement.leaves.get(faced.card.id)
    return box ? [{ ...faced, box }] : []
  })
  return {
    cards,
    frames: placement.frames,
    routes: routesOf(edges, placement),
    pictures: cards.flatMap(picturesOf),
    placement,
    leftOut: all.length - leaves.length,
  }
}

function picturesOf({ face, box }: PlacedCard): Scene['pictures'] {
  return face.pictures.map(({ picture, x, y }) => {
    const { sheet, row, width, height } = picture
    return { picture, placed: { sheet, row, x: box.x + x, y: box.y + y, width, height } }
  })
}

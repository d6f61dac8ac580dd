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

/** The tensors of a run by their keys. */
export function byKey({ tensors }: Manifest): ReadonlyMap<string, TensorEntry> {
  return new Map(tensors.map((tensor) => [tensor.key, tensor]))
}

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
  readonly pictures: readonly PlacedPicture[]
}

export interface PlacedPicture {
  readonly picture: CardPicture
  readonly placed: Placed
}

export interface Scene {
  readonly cards: readonly PlacedCard[]
  readonly frames: readonly Frame[]
  readonly routes: readonly Route[]
  readonly pictures: readonly PlacedPicture[]
  readonly placement: Placement
  /** How large pictures are beside words. */
  readonly scale: number
  /** How many leaves there are more than are drawn. */
  readonly leftOut: number
}

/** How large pictures may be drawn beside words. The largest map that still leaves words to be read is taken. */
const SCALES = [1.25, 1.5, 1.8, 2.2, 1, 0.8, 0.6]
const LEAST_SCALE = 0.6
/** More cards than these are not tried at every size: their pictures are small in any case. */
const MOST_TRIED = 60
/** How much more words count than pictures, as a power. */
const WORDS = 2
/** Drawn smaller than this, words and pictures are not read; groups stay closed rather. */
const LEGIBLE = { words: 0.62, pictures: 0.5 }

/** The groups to open at first: as deep as the map can still be read. */
export function openedAtFirst(ground: Ground): ReadonlySet<string> {
  const { window } = ground
  return openAtFirst(ground.manifest.graph, (open) => {
    const { placement, scale } = sceneOf(ground, open)
    const zoom = Math.min(1, window.width / placement.width, window.height / placement.height)
    return zoom >= LEGIBLE.words && zoom * scale >= LEGIBLE.pictures
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
  const arcs = arcsOf(tree, edges)
  const tried = (leaves.length > MOST_TRIED ? [LEAST_SCALE] : SCALES).map((scale) => {
    const faces = leaves.map((leaf) => {
      const card = cardOf(leaf, { ...ground, feeds, scale, cards: leaves.length })
      return { leaf, card, face: faceOf(card, ground.measure) }
    })
    const sizes = new Map(faces.map(({ card, face }) => [card.id, face]))
    return { scale, faces, ...placeToFit(tree, sizes, arcs, ground.window) }
  })
  const { scale, faces, placement } = tried.reduce((best, one) => (worth(one) > worth(best) ? one : best))
  const cards = faces.flatMap((faced) => {
    const box = placement.leaves.get(faced.card.id)
    return box ? [{ ...faced, box, pictures: picturesOf(faced.face, box) }] : []
  })
  return {
    cards,
    frames: placement.frames,
    routes: routesOf(edges, placement),
    pictures: cards.flatMap(({ pictures }) => pictures),
    placement,
    scale,
    leftOut: all.length - leaves.length,
  }
}

/** Larger pictures are worth more, and words that can be read are worth more than those. */
function worth({ scale, score }: { readonly scale: number; readonly score: number }): number {
  return scale * score ** WORDS
}

function picturesOf(face: Face, box: Box): readonly PlacedPicture[] {
  return face.pictures.map(({ picture, x, y }) => {
    const { sheet, row, width, height } = picture
    return { picture, placed: { sheet, row, x: box.x + x, y: box.y + y, width, height } }
  })
}

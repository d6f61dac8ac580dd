/**
 * A network in miniature: the largest weight of each layer, in the order in which data meets them, as a run left it.
 * Its values are those of one frame, and so is its scale: beside each other, two runs are compared in their pictures'
 * patterns. The page of a run has one scale for all its frames.
 */
import { paint, type Pixels } from '../../pictures/paper/paint'
import type { Palette } from '../../pictures/paper/palette'
import { pictureFor } from '../../pictures/paper/choose'
import type { Sheet, Size } from '../../pictures/paper/sheet'
import { LARGEST } from '../../run/codes'
import type { Manifest, TensorEntry } from '../../run/manifest'
import { mainWeights } from '../map/cards'
import { leavesOf, placeOf, visibleTree, type Leaf, type OpenItem } from '../map/visible'

/** The weight of one layer: how it is laid out, and its values. */
export interface Tile {
  readonly sheet: Sheet
  readonly codes: Int16Array
  /** What one code is worth as a share of the scale; NaN where the frame has no picture of it. */
  readonly gain: number
}

/** A tile with its place (CSS pixels). */
export interface PlacedTile {
  readonly tile: Tile
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** More layers than this are not seen in so small a picture: the first ones are shown. */
export const MOST_TILES = 9

const GAP = 12
/** No tile is longer or narrower than this for its height. */
const WIDEST = 2.2
const NARROWEST = 0.34

/** The tiles of a network, from the row of codes of one frame. */
export function tilesOf(
  manifest: Manifest,
  weights: { readonly codes: Int16Array; readonly scaleOf: (tensor: number) => number },
): readonly Tile[] {
  return layersOf(manifest)
    .slice(0, MOST_TILES)
    .map((tensor) => {
      const own = { ...tensor, offset: 0 } // its codes are kept alone: a row may hold a million
      const codes = weights.codes.slice(tensor.offset, tensor.offset + tensor.count)
      const sheet = pictureFor(tensor).draw({ tensor: own, probe: 0, probes: 0 }, { width: 120, height: 90 })
      // The largest value of a frame has the largest code.
      return { sheet, codes, gain: Number.isNaN(weights.scaleOf(tensor.index)) ? NaN : 1 / LARGEST }
    })
    .filter(({ codes, sheet }) => codes.length > 0 && sheet.columns > 0 && sheet.rows > 0)
}

/** The largest weight of each layer, in the order of the data: closed groups count as one. */
export function layersOf(manifest: Manifest): readonly TensorEntry[] {
  const tensors = new Map(manifest.tensors.map((tensor) => [tensor.key, tensor]))
  const seen = new Set<string>()
  const layers = topOf(manifest).flatMap((leaf): readonly TensorEntry[] => {
    const nodes = leaf.kind === 'node' ? [leaf.node] : leaf.inside
    const [main] = mainWeights(
      nodes.flatMap((node) => node.tensors),
      tensors,
    )
    if (!main || main.shape.length < 2 || seen.has(main.key)) return []
    seen.add(main.key)
    return [main]
  })
  if (layers.length) return layers
  return manifest.tensors.filter(
    ({ role, shape, count }) => role === 'weight' && shape.length >= 2 && count > 0,
  )
}

/** What the map shows when everything is closed but what stands alone. */
function topOf({ graph }: Manifest): readonly Leaf[] {
  const open = new Set<string>()
  for (;;) {
    const tree = visibleTree(graph, open)
    const leaves = inOrder(tree)
    const closed = leaves.filter((leaf) => leaf.kind === 'closed')
    const rest = leaves.filter((leaf) => leaf.kind === 'node' && leaf.node.tensors.length > 0)
    const [only] = closed
    if (closed.length !== 1 || rest.length > 0 || only?.kind !== 'closed') return leaves
    open.add(only.group.path)
  }
}

function inOrder(tree: OpenItem): Leaf[] {
  const order = [...tree.children].sort(
    (a, b) => placeOf(a).layer - placeOf(b).layer || placeOf(a).lane - placeOf(b).lane,
  )
  return order.flatMap((item) => (item.kind === 'open' ? inOrder(item) : leavesOf(item)))
}

/** Tiles in a row in the middle of a room. */
export function placeTiles(tiles: readonly Tile[], { width, height }: Size): readonly PlacedTile[] {
  if (tiles.length === 0) return []
  const shares = tiles.map(({ sheet }) => Math.max(NARROWEST, Math.min(WIDEST, sheet.columns / sheet.rows)))
  const room = width - GAP * (tiles.length - 1)
  const high = Math.min(height, room / shares.reduce((sum, share) => sum + share, 0))
  const wide = shares.reduce((sum, share) => sum + share * high, GAP * (tiles.length - 1))
  let x = (width - wide) / 2
  return tiles.map((tile, i) => {
    const share = shares[i] ?? 1
    // A long matrix keeps its cells in proportion, and stands in the middle of its place.
    const aspect = tile.sheet.columns / tile.sheet.rows
    const own = { width: share * high, height: Math.min(high, Math.max(high * 0.3, (share * high) / aspect)) }
    const placed = { tile, x, y: (height - own.height) / 2, ...own }
    x += own.width + GAP
    return placed
  })
}

/** Draw them on a cleared canvas whose unit is the CSS pixel, with the line of the data between. */
export function drawTiles(
  context: CanvasRenderingContext2D,
  placed: readonly PlacedTile[],
  palette: Palette,
  line: string,
): void {
  const ratio = context.getTransform().a
  context.fillStyle = line
  for (const [i, { x, y, height }] of placed.entries()) {
    const before = placed[i - 1]
    if (before)
      context.fillRect(before.x + before.width + 2, y + height / 2 - 0.5, x - before.x - before.width - 4, 1)
  }
  for (const { tile, x, y, width, height } of placed) {
    const [wide, high] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))]
    const pixels: Pixels & ImageData = context.createImageData(wide, high)
    if (!Number.isNaN(tile.gain)) {
      paint(tile.sheet, { codes: tile.codes, gain: tile.gain, bias: 0, base: null }, palette, pixels)
    }
    context.putImageData(pixels, Math.round(x * ratio), Math.round(y * ratio))
  }
}

/**
 * A card from near: its filters one by one, and the feature maps of the chosen probe, each with the index of its
 * channel. They stand where the card's pictures stood, so that coming nearer moves nothing.
 */
import { hasProbes, ofProbe } from '../../pictures/activation'
import { arrange, tiled, type Sheet, type Size } from '../../pictures/paper/sheet'
import type { GraphNode } from '../../run/graph'
import type { Manifest, TensorEntry } from '../../run/manifest'
import type { PlacedCard, PlacedPicture, Scene } from './scene'

export interface Label {
  readonly text: string
  /** Where its line begins and how high it stands, in the map's own lengths. */
  readonly x: number
  readonly y: number
  readonly size: number
}

export interface Near {
  readonly pictures: readonly PlacedPicture[]
  readonly labels: readonly Label[]
}

/** More parts than these are not told apart one by one. */
const MOST_PARTS = 256
/** Labels take this share of a part's height, at most so many CSS pixels at zoom 1. */
const LABEL = { share: 0.24, most: 6, least: 2 } as const
/** Between parts, as a share of their size. */
const GAP = 0.07

/** One filter or feature map: its cells, and where its values begin. */
interface Part {
  readonly sheet: Sheet
  readonly channel: number
}

/** The cards of these ids from near, by their id. */
export function nearCards(
  { cards }: Scene,
  ids: readonly string[],
  manifest: Manifest,
  probe: number,
): ReadonlyMap<string, Near> {
  const isNear = new Set(ids)
  const found = cards.filter(({ card }) => isNear.has(card.id))
  return new Map(found.map((placed) => [placed.card.id, nearOf(placed, manifest, probe)]))
}

function nearOf({ face, box, leaf }: PlacedCard, manifest: Manifest, probe: number): Near {
  const pictures: PlacedPicture[] = []
  const labels: Label[] = []
  for (const { picture, x, y } of face.pictures) {
    const room = { x: box.x + x, y: box.y + y, width: picture.width, height: picture.height }
    const image = leaf.kind === 'node' ? imageInto(leaf.node, manifest) : null
    const parts = picture.tensor ? partsOf(picture.tensor, { manifest, probe, image }, room) : []
    if (parts.length < 2 || parts.length > MOST_PARTS) {
      pictures.push({ picture, placed: { sheet: picture.sheet, row: picture.row, ...room } })
      continue
    }
    for (const { part, label, ...at } of inRoom(parts, room)) {
      pictures.push({ picture, placed: { sheet: part.sheet, row: picture.row, ...at } })
      labels.push(label)
    }
  }
  return { pictures, labels }
}

interface Ground {
  readonly manifest: Manifest
  readonly probe: number
  /** The image that the node's rows look at; null where they look at none. */
  readonly image: readonly number[] | null
}

function partsOf(tensor: TensorEntry, { manifest, probe, image }: Ground, room: Size): readonly Part[] {
  const probes = manifest.probes.count
  const isMaps = hasProbes(tensor, probes) && tensor.kept.length === 4
  if (isMaps) {
    const { start, kept } = ofProbe({ tensor, probe, probes })
    const [channels = 0, rows = 1, columns = 1] = kept
    if (rows * columns < 2) return []
    return split(channels, tensor.strides[1] ?? 1, (i) => ({
      start: start + i * rows * columns,
      rows,
      columns,
    }))
  }
  if (tensor.role === 'activation') return []
  const [outputs = 0, inputs = 1] = tensor.kept
  if (tensor.kept.length === 4) {
    const [, , rows = 1, columns = 1] = tensor.kept
    if (rows * columns < 2) return []
    const across = arrange(inputs, columns, rows, 1, partRoom(outputs, room))
    return split(outputs, tensor.strides[0] ?? 1, (i) => {
      const start = tensor.offset + i * inputs * rows * columns
      return { start, rows, columns, tiles: inputs, across }
    })
  }
  if (tensor.kept.length !== 2 || !image) return []
  const [channels = 1, rows = 1, columns = 1] = image
  if (tensor.strides[1] !== 1 || channels * rows * columns !== inputs) return []
  return split(outputs, tensor.strides[0] ?? 1, (i) => {
    return { start: tensor.offset + i * inputs, rows, columns, tiles: channels, across: channels }
  })
}

interface Cells {
  readonly start: number
  readonly rows: number
  readonly columns: number
  readonly tiles?: number
  readonly across?: number
}

function split(parts: number, stride: number, cells: (part: number) => Cells): readonly Part[] {
  if (parts > MOST_PARTS) return []
  return Array.from({ length: parts }, (_, i) => {
    const { start, rows, columns, tiles = 1, across = 1 } = cells(i)
    const sheet = tiled({
      start,
      tiles,
      across,
      tileRows: rows,
      tileColumns: columns,
      gap: tiles > 1 ? 1 : 0,
    })
    return { sheet, channel: i * stride }
  })
}

/** About the proportions that each of some parts of a room has. */
function partRoom(parts: number, { width, height }: Size): Size {
  const across = Math.max(1, Math.round(Math.sqrt((parts * width) / Math.max(1, height))))
  return { width: width / across, height: height / Math.ceil(parts / across) }
}

/** The image that a layer's inputs are, as (channel, row, column): what it sees is the input itself, laid flat. */
function imageInto(node: GraphNode, { graph, probes }: Manifest): readonly number[] | null {
  let at = node.id
  for (let steps = 0; steps < 3; steps++) {
    const sources = graph.edges.filter(({ target }) => target === at)
    const source = graph.nodes.find(({ id }) => id === sources[0]?.source)
    if (sources.length !== 1 || !source) return null
    if (source.kind === 'input') {
      const input = probes.inputs.find(({ name }) => name === source.id)
      if (!input?.isImage) return null
      const shape = input.shape.slice(1)
      return shape.length === 2 ? [1, ...shape] : shape
    }
    if (!/flatten|view|reshape/i.test(source.type)) return null
    at = source.id
  }
  return null
}

interface Laid extends Size {
  readonly part: Part
  readonly label: Label
  readonly x: number
  readonly y: number
}

interface Room extends Size {
  readonly x: number
  readonly y: number
}

/** Parts in rows, as large as the room allows, each below its label. */
function inRoom(parts: readonly Part[], room: Room): readonly Laid[] {
  const [first] = parts
  if (!first) return []
  const { columns, rows } = first.sheet
  let best = { across: 1, cell: 0, label: 0, pitchX: 0, pitchY: 0 }
  for (let across = 1; across <= parts.length; across++) {
    const pitchX = room.width / across
    const pitchY = room.height / Math.ceil(parts.length / across)
    const label = Math.max(LABEL.least, Math.min(LABEL.most, LABEL.share * pitchY))
    const cell = Math.min((pitchX * (1 - GAP)) / columns, (pitchY * (1 - GAP) - label) / rows)
    if (cell > best.cell) best = { across, cell, label, pitchX, pitchY }
  }
  const { across, cell, label, pitchX, pitchY } = best
  const [width, height] = [columns * cell, rows * cell]
  return parts.map((part, i) => {
    const x = room.x + (i % across) * pitchX + (pitchX - width) / 2
    const y = room.y + Math.floor(i / across) * pitchY + label
    return {
      part,
      label: { text: String(part.channel), x, y: y - 0.22 * label, size: 0.8 * label },
      ...{ x, y, width, height },
    }
  })
}

/** What stands on the map for a node or a closed group: words, pictures and their sizes. */
import { ofProbe } from '../../pictures/activation'
import { drawInput } from '../../pictures/image'
import { pictureFor } from '../../pictures/paper/choose'
import { times } from '../../pictures/paper/picture'
import { matrix, type Sheet, type Size } from '../../pictures/paper/sheet'
import { size as sizeOf } from '../../run/fields'
import type { GraphNode } from '../../run/graph'
import { showing, type Manifest, type TensorEntry } from '../../run/manifest'
import type { RowName } from '../painting/painter'
import type { ProbeRow } from '../probes/row'
import type { Leaf } from './visible'

export interface CardPicture {
  readonly sheet: Sheet
  readonly row: RowName
  /** The tensor it shows; null for an input or the prediction. */
  readonly tensor: TensorEntry | null
  /** The input it shows, by its number; -1 for none. */
  readonly input: number
  readonly width: number
  readonly height: number
  /** The honest line, where the picture is thinned; else empty. */
  readonly showing: string
}

export interface Card {
  readonly id: string
  readonly title: string
  readonly sub: string
  /** The whole name, for a tooltip and for those who cannot see. */
  readonly name: string
  readonly isSmall: boolean
  readonly isGroup: boolean
  readonly weights: readonly CardPicture[]
  readonly activations: readonly CardPicture[]
}

const ROOMS = {
  weight: { width: 150, height: 116 },
  activation: { width: 132, height: 84 },
  smallWeight: { width: 76, height: 40 },
  smallActivation: { width: 76, height: 58 },
  input: { width: 112, height: 112 },
  prediction: { width: 90, height: 56 },
} as const

/** How wide a usual picture is at scale 1. */
export const USUAL_WIDTH = ROOMS.weight.width

/** The largest cell of a small tensor, and the smallest of a long strip (CSS pixels at zoom 1). */
const LARGEST_CELL = 11
const STRIP_HEIGHT = 10

/** Everything that a card is made from. */
export interface Source {
  readonly manifest: Manifest
  readonly probe: number
  readonly probeRow: ProbeRow
  /** Tensors by `weight/…` and `activation/…`. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** For each output node, the node that feeds it. */
  readonly feeds: ReadonlyMap<string, string>
  /** How large pictures are drawn beside words that stay as they are: a small network has room for larger ones. */
  readonly scale: number
  /** Of how many cards this is one: of many, each says less. */
  readonly cards: number
}

/** Up to so many cards say "showing"; of more, the legend does. */
const FEW = 12

function roomOf(name: keyof typeof ROOMS, { scale }: Source): Size {
  const { width, height } = ROOMS[name]
  return { width: Math.round(width * scale), height: Math.round(height * scale) }
}

export function cardOf(leaf: Leaf, source: Source): Card {
  return leaf.kind === 'node' ? nodeCard(leaf.node, source) : groupCard(leaf, source)
}

/** The tensors that the map shows of a node: its largest weights, or the first of its vectors. */
export function mainWeights(names: readonly string[], tensors: Source['tensors']): readonly TensorEntry[] {
  const owned = names
    .flatMap((name) => tensors.get(`weight/${name}`) ?? [])
    .filter((tensor) => tensor.count > 0)
  const matrices = owned.filter((tensor) => tensor.shape.length >= 2).sort((a, b) => b.size - a.size)
  return matrices.length ? matrices.slice(0, 2) : owned.slice(0, 1)
}

function nodeCard(node: GraphNode, source: Source): Card {
  const weights = mainWeights(node.tensors, source.tensors)
  const isSmall =
    node.kind === 'function' || (node.kind === 'module' && !weights.some((w) => w.shape.length >= 2))
  return {
    id: node.id,
    ...wordsOf(node, weights),
    name: `${node.id}, ${node.type}`,
    isSmall,
    isGroup: false,
    weights: weights.map((tensor) => weightPicture(tensor, source, isSmall)),
    activations: activationsOf(node, source, isSmall),
  }
}

function groupCard(leaf: Extract<Leaf, { kind: 'closed' }>, source: Source): Card {
  const { group, inside } = leaf
  const [largest] = mainWeights(
    inside.flatMap((node) => node.tensors),
    source.tensors,
  )
  const last = [...inside].reverse().find((node) => source.tensors.has(`activation/${node.id}`))
  return {
    id: leaf.id,
    title: titleOf(group.path),
    sub: `${group.type} · ${inside.length} ${inside.length === 1 ? 'node' : 'nodes'}`,
    name: `${group.path}, ${group.type}, closed, ${inside.length} nodes inside`,
    isSmall: false,
    isGroup: true,
    weights: largest ? [weightPicture(largest, source, false)] : [],
    activations: last ? activationsOf(last, source, false) : [],
  }
}

function wordsOf(node: GraphNode, weights: readonly TensorEntry[]): { title: string; sub: string } {
  const [weight] = weights
  const name = lastPart(node.id)
  const title = /^\d+$/.test(name) || node.kind === 'function' ? plain(node.type) : name
  const out = times(node.shape.slice(1))
  if (node.kind !== 'module') return { title, sub: out }
  if (!weight || weight.shape.length < 2) return { title, sub: title === node.type ? out : node.type }
  const caption = pictureFor(weight).caption(weight)
  const isPlain = caption.includes('filters') || title === node.type
  return { title, sub: isPlain ? caption : `${node.type} ${caption}` }
}

/** `showing 4,096 of 16,384`; on a crowded map the legend says "showing" for all. */
function honestLine(count: number, of: number, { cards }: Source): string {
  const line = showing(count, of)
  return cards > FEW ? line.replace('showing ', '') : line
}

/** A function's name as words. */
function plain(type: string): string {
  return type === 'scaled_dot_product_attention' ? 'attention' : type.replaceAll('_', ' ').trim()
}

/** `layer1.0` of `net.layer1.0`: a number alone names nothing. */
export function titleOf(path: string): string {
  const parts = path.split('.')
  const last = parts.at(-1) ?? path
  return /^\d+$/.test(last) && parts.length > 1 ? `${parts.at(-2) ?? ''}.${last}` : last
}

/** `relu` of `layer1.0/relu#2`. */
function lastPart(id: string): string {
  return id.replace(/#\d+$/, '').split(/[./]/).at(-1) ?? id
}

function weightPicture(tensor: TensorEntry, source: Source, isSmall: boolean): CardPicture {
  const room = roomOf(isSmall ? 'smallWeight' : 'weight', source)
  const sheet = pictureFor(tensor).draw({ tensor, probe: 0, probes: source.manifest.probes.count }, room)
  const line = tensor.count < tensor.size ? honestLine(tensor.count, tensor.size, source) : ''
  return { sheet, row: 'weight', tensor, input: -1, ...fit(sheet, room, source.scale), showing: line }
}

function activationsOf(node: GraphNode, source: Source, isSmall: boolean): CardPicture[] {
  if (node.kind === 'input') return inputPictures(node, source)
  if (node.kind === 'output') return outputPictures(node, source)
  return activationPictures(node.id, source, isSmall ? 'smallActivation' : 'activation')
}

function activationPictures(id: string, source: Source, roomName: keyof typeof ROOMS): CardPicture[] {
  const { tensors, probe, manifest } = source
  const room = roomOf(roomName, source)
  const tensor = tensors.get(`activation/${id}`)
  if (!tensor || tensor.count === 0) return []
  const subject = { tensor, probe, probes: manifest.probes.count }
  const sheet = pictureFor(tensor).draw(subject, room)
  const kept = sizeOf(ofProbe(subject).kept)
  const whole = kept === tensor.count ? tensor.size : tensor.size / manifest.probes.count
  const line = kept < whole ? honestLine(kept, whole, source) : ''
  return [{ sheet, row: 'activation', tensor, input: -1, ...fit(sheet, room, source.scale), showing: line }]
}

function inputPictures(node: GraphNode, source: Source): CardPicture[] {
  const { manifest, probe, probeRow } = source
  const room = roomOf('input', source)
  const number = manifest.probes.inputs.findIndex((input) => input.name === node.id)
  const input = manifest.probes.inputs[number]
  const start = probeRow.inputStart(number)
  if (!input || start < 0 || sizeOf(input.shape) === 0) return []
  const sheet = drawInput(input, probeRow.inputKind(number), probe, start, room)
  return [
    { sheet, row: 'probe', tensor: null, input: number, ...fit(sheet, room, source.scale), showing: '' },
  ]
}

/** A classifier's output is its prediction; another's is what the last node made. */
function outputPictures(node: GraphNode, source: Source): CardPicture[] {
  const { start, classes } = source.probeRow.prediction
  const [first] = source.manifest.probes.outputs
  if (classes > 0 && (first?.name === node.id || source.manifest.probes.outputs.length === 1)) {
    const room = roomOf('prediction', source)
    const width = Math.max(40, Math.min(room.width, classes * 9 * source.scale))
    const sheet = matrix(start, 1, classes, 'columns')
    return [{ sheet, row: 'probe', tensor: null, input: -1, width, height: room.height, showing: '' }]
  }
  const feeding = source.feeds.get(node.id)
  return feeding === undefined ? [] : activationPictures(feeding, source, 'smallActivation')
}

/** The size to draw a sheet at: whole pixels a cell where there is room, and nothing thinner than the eye takes in. */
export function fit(sheet: Sheet, room: Size, scale = 1): Size {
  const largest = LARGEST_CELL * scale
  if (sheet.kind === 'bars') {
    return {
      width: clamp(sheet.columns * 6 * scale, 24, room.width),
      height: Math.min(28 * scale, room.height),
    }
  }
  const columns = Math.max(1, sheet.columns)
  const rows = Math.max(1, sheet.rows)
  const exact = Math.min(room.width / columns, room.height / rows, largest)
  const cell = exact >= 2 ? Math.floor(exact) : exact
  if (sheet.tileRows * sheet.tileColumns === 1 && sheet.gap === 0) {
    return {
      width: Math.min(room.width, columns * largest),
      height: rows * clamp(room.height / rows, 3, STRIP_HEIGHT * Math.max(1, scale)),
    }
  }
  if (sheet.tiles > 1) return { width: columns * cell, height: rows * cell }
  // A matrix much longer than wide is drawn with oblong cells rather than as a line.
  const least = Math.min(44 * scale, room.height, room.width)
  return {
    width: Math.max(columns * cell, Math.min(least, columns * 4 * cell)),
    height: Math.max(rows * cell, Math.min(least, rows * 4 * cell)),
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

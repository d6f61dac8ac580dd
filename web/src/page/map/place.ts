/**
 * Where everything stands on the map. The recorder gave each node a layer (along the flow) and a lane (across it)
 * within its group; here sizes are put to that: columns left to right, wrapped into rows like lines of text when the
 * chain is longer than the page is wide, and an open group around its children.
 */
import type { Size } from '../../pictures/paper/sheet'
import { placeOf, type Item, type OpenItem } from './visible'

export interface Box extends Size {
  readonly id: string
  readonly x: number
  readonly y: number
}

/** An open group: its box, and where each of its rows of children begins and ends. */
export interface Frame extends Box {
  readonly item: OpenItem
  readonly depth: number
}

export interface Placement extends Size {
  /** Nodes and closed groups. */
  readonly leaves: ReadonlyMap<string, Box>
  /** Open groups, outer ones first. */
  readonly frames: readonly Frame[]
}

/** The spaces of the map (CSS pixels at zoom 1). */
export const SPACE = {
  /** Between columns: room for an arrow. */
  column: 34,
  lane: 24,
  /** Between wrapped rows: room for an edge that returns. */
  row: 40,
  /** Inside an open group. */
  side: 16,
  bottom: 14,
  /** Above the children of a group: its name. */
  name: 28,
  /** Above a row over which edges arc. */
  arc: 18,
} as const

/** What the placement needs to know of the edges: which pairs of siblings they join, in which group. */
export interface Arcs {
  /** Whether some edge passes over another child in this group. */
  hasArcs(item: OpenItem): boolean
}

/** Place a tree so that no row is longer than `longest`, where that can be. */
export function place(
  tree: OpenItem,
  sizes: ReadonlyMap<string, Size>,
  arcs: Arcs,
  longest: number,
): Placement {
  const laid = layOpen(tree, sizes, arcs, longest)
  const leaves = new Map<string, Box>()
  const frames: Frame[] = []
  collect(laid, 0, 0, 0, leaves, frames)
  return { leaves, frames, width: laid.width, height: laid.height }
}

/** In how many rows a map is tried, and which share of a single row's length they may have: longer ones first. */
const WRAPS = [
  [1, 1],
  ...[2, 3].flatMap((rows) => [1.3, 1.16, 1.06].map((more) => [rows, more / rows] as const)),
  ...[4, 5, 6, 8, 10, 12].map((rows) => [rows, 1.06 / rows] as const),
] as const

const MANY = 60

/** How much less a map is worth for each row that the eye has to return. */
const RETURN = 0.95

/** The placement that shows the map largest in a window, and how large; wrapping into rows has to be worth it. */
export function placeToFit(
  tree: OpenItem,
  sizes: ReadonlyMap<string, Size>,
  arcs: Arcs,
  window: Size,
): { readonly placement: Placement; readonly score: number } {
  let best: Placement | null = null
  let bestScore = 0
  const single = place(tree, sizes, arcs, Infinity)
  const tried = new Set<string>()
  // Of many, a row more or less makes little difference.
  const wraps = sizes.size > MANY ? WRAPS.filter(([rows, share]) => rows * share <= 1.06) : WRAPS
  for (const [rows, share] of wraps) {
    const placement = rows === 1 ? single : place(tree, sizes, arcs, single.width * share)
    const shape = `${placement.width} ${placement.height}`
    if (tried.has(shape)) continue
    tried.add(shape)
    const zoom = Math.min(window.width / placement.width, window.height / placement.height, 1)
    const score = zoom * RETURN ** (rows - 1)
    if (score > bestScore) [best, bestScore] = [placement, score]
    else if (window.height / placement.height < zoom * 1.001) break // too high already: more rows make it higher
  }
  return { placement: best ?? single, score: bestScore }
}

interface Laid extends Size {
  readonly item: Item
  /** How far below its top the main line runs through it. */
  readonly axis: number
  /** Children with their place inside; none for a leaf. */
  readonly inside: readonly { readonly laid: Laid; readonly x: number; readonly y: number }[]
}

interface Column {
  readonly layer: number
  readonly items: readonly Laid[]
  width: number
}

function layOpen(item: OpenItem, sizes: ReadonlyMap<string, Size>, arcs: Arcs, longest: number): Laid {
  const isTop = item.group === null
  const [side, top, bottom] = isTop ? [0, 0, 0] : [SPACE.side, SPACE.name, SPACE.bottom]
  const children = item.children.map((child) => lay(child, sizes, arcs, longest - 2 * side))
  const arc = arcs.hasArcs(item) ? SPACE.arc : 0
  const inside: Laid['inside'][number][] = []
  let y = top
  let width = 0
  let axis = 0
  for (const [number, row] of rowsOf(columnsOf(children), longest - 2 * side).entries()) {
    const placed = layRow(row)
    for (const { laid, x, y: within } of placed.inside)
      inside.push({ laid, x: x + side, y: y + arc + within })
    if (number === 0) axis = y + arc + placed.axis
    width = Math.max(width, placed.width)
    y += arc + placed.height + SPACE.row
  }
  return { item, width: width + 2 * side, height: Math.max(0, y - SPACE.row) + bottom, axis, inside }
}

function lay(item: Item, sizes: ReadonlyMap<string, Size>, arcs: Arcs, longest: number): Laid {
  if (item.kind === 'open') return layOpen(item, sizes, arcs, longest)
  const { width, height } = sizes.get(item.id) ?? { width: 40, height: 40 }
  return { item, width, height, axis: height / 2, inside: [] }
}

/** Children by layer. A branch beside the main line may reach over the columns behind it, as far as its lane is free. */
function columnsOf(children: readonly Laid[]): Column[] {
  const byLayer = new Map<number, Laid[]>()
  for (const child of children) {
    const { layer } = placeOf(child.item)
    const known = byLayer.get(layer)
    if (known) known.push(child)
    else byLayer.set(layer, [child])
  }
  const layers = [...byLayer].sort(([a], [b]) => a - b)
  const columns = layers.map(([layer, items]): Column => {
    const main = items.filter((child) => placeOf(child.item).lane === 0)
    return { layer, items, width: Math.max(0, ...(main.length ? main : items).map((child) => child.width)) }
  })
  const isTaken = (column: Column | undefined, lane: number) =>
    column?.items.some((child) => placeOf(child.item).lane === lane) ?? true
  columns.forEach((column, at) => {
    for (const child of column.items) {
      const { lane } = placeOf(child.item)
      let room = column.width
      let last = at
      while (room < child.width && last + 1 < columns.length && !isTaken(columns[last + 1], lane)) {
        last++
        room += SPACE.column + (columns[last]?.width ?? 0)
      }
      const lastReached = columns[last]
      if (lastReached && room < child.width) lastReached.width += child.width - room
    }
  })
  return columns
}

/** Columns in rows no longer than `longest`. */
function rowsOf(columns: readonly Column[], longest: number): Column[][] {
  const rows: Column[][] = []
  let length = 0
  for (const column of columns) {
    const row = rows.at(-1)
    if (row && length + SPACE.column + column.width <= longest) {
      row.push(column)
      length += SPACE.column + column.width
    } else {
      rows.push([column])
      length = column.width
    }
  }
  return rows
}

/** One row: lanes below each other, the main lines of their items on one height. */
function layRow(row: readonly Column[]): Omit<Laid, 'item'> {
  const lanes = [...new Set(row.flatMap(({ items }) => items.map((child) => placeOf(child.item).lane)))].sort(
    (a, b) => a - b,
  )
  const all = row.flatMap(({ items }) => items)
  const inLane = (lane: number) => all.filter((child) => placeOf(child.item).lane === lane)
  const lines = new Map<number, number>()
  let y = 0
  for (const lane of lanes) {
    const above = Math.max(...inLane(lane).map((child) => child.axis))
    const below = Math.max(...inLane(lane).map((child) => child.height - child.axis))
    lines.set(lane, y + above)
    y += above + below + SPACE.lane
  }
  const inside: Laid['inside'][number][] = []
  let x = 0
  let right = 0 // a branch may reach further than the last column: those behind it stand in the next row
  for (const { items, width } of row) {
    for (const laid of items) {
      const { lane } = placeOf(laid.item)
      // A branch that is longer than its column reaches to the right of it.
      const indent = laid.width <= width ? (width - laid.width) / 2 : 0
      inside.push({ laid, x: x + indent, y: (lines.get(lane) ?? 0) - laid.axis })
      right = Math.max(right, x + indent + laid.width)
    }
    x += width + SPACE.column
  }
  return {
    width: Math.max(x - SPACE.column, right),
    height: y - SPACE.lane,
    axis: lines.get(0) ?? (y - SPACE.lane) / 2,
    inside,
  }
}

function collect(
  laid: Laid,
  x: number,
  y: number,
  depth: number,
  leaves: Map<string, Box>,
  frames: Frame[],
): void {
  const { item, width, height } = laid
  const box = { id: item.id, x, y, width, height }
  if (item.kind !== 'open') {
    leaves.set(item.id, box)
    return
  }
  if (item.group) frames.push({ ...box, item, depth })
  for (const child of laid.inside) collect(child.laid, x + child.x, y + child.y, depth + 1, leaves, frames)
}

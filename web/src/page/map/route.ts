/** The paths of edges: straight along the main line, in an arc over what they skip, back to the left on a new row. */
import type { Box, Placement } from './place'
import { SPACE } from './place'

/** An edge between two leaves of the map. */
export interface MapEdge {
  readonly source: string
  readonly target: string
  /** The node whose output flows along it; of several the first. */
  readonly from: string
}

export interface Route extends MapEdge {
  /** An SVG path. */
  readonly path: string
  /** The tip of the arrow, which always points right. */
  readonly tip: Point
  /** Whether it skips something. */
  readonly isSkip: boolean
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Between a box and the arrow that leaves or meets it. */
const CLEAR = 7
/** The head of an arrow, which the path ends at: a thick one would stand out beyond its point. */
export const HEAD = 7
/** How far from the boxes an arc turns. */
const TURN = SPACE.column / 2
const RADIUS = 14
/** How much room a bend takes: more where there is, else what is left between two columns. */
const BENDS = [2 * SPACE.column, SPACE.column, SPACE.column - 2 * CLEAR - HEAD]

/** Route every edge; of skips over the same boxes the longer ones run further out. */
export function routesOf(edges: readonly MapEdge[], placement: Placement): Route[] {
  const boxes = [...placement.leaves.values()]
  const { frames } = placement
  const level = new Map<number, number>()
  const ends = edges.flatMap((edge) => {
    const [from, to] = [placement.leaves.get(edge.source), placement.leaves.get(edge.target)]
    return from && to && from !== to ? [{ edge, from, to, span: Math.abs(to.x - from.x) }] : []
  })
  return ends
    .sort((a, b) => a.span - b.span)
    .map(({ edge, from, to }) => ({ ...edge, ...routeOf(from, to, { boxes, frames, level }) }))
}

type Drawn = Pick<Route, 'path' | 'tip' | 'isSkip'>

/** What stands in the way: leaves, open groups, and how many arcs there are at a height. */
interface Obstacles {
  readonly boxes: readonly Box[]
  readonly frames: readonly Box[]
  readonly level: Map<number, number>
}

function routeOf(from: Box, to: Box, obstacles: Obstacles): Drawn {
  const { boxes, level } = obstacles
  const start = { x: from.x + from.width + CLEAR, y: from.y + from.height / 2 }
  const tip = { x: to.x - CLEAR, y: to.y + to.height / 2 }
  const others = boxes.filter((box) => box !== from && box !== to)
  // Where there is no room for a head, it lies over the path.
  const before = tip.x > start.x ? Math.min(tip.x, Math.max(start.x + 1, tip.x - HEAD)) : tip.x - HEAD
  const end = { x: before, y: tip.y }
  if (tip.x > start.x) {
    const direct = directOf(start, end, others)
    if (direct) return { path: direct, tip, isSkip: false }
    return { path: arc(start, end, arcHeight(start, end, others, level)), tip, isSkip: true }
  }
  return { path: returning(from, to, start, end, obstacles), tip, isSkip: false }
}

/** To the next row of the map, or back to an earlier node: around the groups, through the space between rows. */
function returning(from: Box, to: Box, start: Point, tip: Point, { boxes, frames }: Obstacles): string {
  const left = frames.filter((frame) => holds(frame, from) && !holds(frame, to))
  const entered = frames.filter((frame) => holds(frame, to) && !holds(frame, from))
  const right = Math.max(start.x + TURN - CLEAR, ...left.map((frame) => frame.x + frame.width + TURN / 2))
  const back = Math.min(tip.x + HEAD - TURN + CLEAR, ...entered.map((frame) => frame.x - TURN / 2))
  const [upper, lower] = [outermost(from, left), outermost(to, entered)]
  const isBelow = lower.y > upper.y + upper.height
  const y = isBelow
    ? gapBetween(upper, lower, [
        ...boxes,
        ...frames.filter((frame) => !holds(frame, from) || !holds(frame, to)),
      ])
    : Math.max(upper.y + upper.height, lower.y + lower.height) + SPACE.row / 2
  const at = (x: number, height: number) => ({ x, y: height })
  return rounded([start, at(right, start.y), at(right, y), at(back, y), at(back, tip.y), tip])
}

function holds(frame: Box, box: Box): boolean {
  return (
    frame.x <= box.x &&
    frame.y <= box.y &&
    frame.x + frame.width >= box.x + box.width &&
    frame.y + frame.height >= box.y + box.height
  )
}

/** The outermost of the groups around a box that the edge leaves or enters; the box itself where there is none. */
function outermost(box: Box, frames: readonly Box[]): Box {
  return frames.reduce(
    (outer, frame) => (frame.width * frame.height > outer.width * outer.height ? frame : outer),
    box,
  )
}

/** A straight line, or a wide or narrow bend, early or late, whichever meets no box; null where all do. */
function directOf(start: Point, tip: Point, others: readonly Box[]): string | null {
  /** Whether a line, or an S between two heights, meets no box. */
  const isFree = (from: Point, to: Point): boolean => {
    const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)]
    const near = others.filter(
      (box) =>
        box.x < to.x && box.x + box.width > from.x && box.y - 4 < bottom && box.y + box.height + 4 > top,
    )
    if (near.length === 0 || bottom - top < 1) return near.length === 0
    return !alongSwing(from, to).some((point) => near.some((box) => isNear(point, box)))
  }
  if (Math.abs(start.y - tip.y) < 1) return isFree(start, tip) ? `M${at(start)}L${at(tip)}` : null
  for (const widest of BENDS) {
    const bend = Math.min(tip.x - start.x, widest)
    const late = { x: tip.x - bend, y: start.y }
    if (isFree(start, late) && isFree(late, tip)) return `M${at(start)}L${at(late)}${swing(late, tip)}`
    const early = { x: start.x + bend, y: tip.y }
    if (isFree(start, early) && isFree(early, tip)) return `M${at(start)}${swing(start, early)}L${at(tip)}`
  }
  return null
}

/** Whether a point lies in a box, or close above or below it. */
function isNear({ x, y }: Point, box: Box): boolean {
  return x >= box.x && x <= box.x + box.width && y > box.y - 4 && y < box.y + box.height + 4
}

/** How high an arc runs: above everything it passes, and above the arcs that are there already. */
function arcHeight(start: Point, tip: Point, others: readonly Box[], level: Map<number, number>): number {
  const passed = others.filter(
    (box) =>
      box.x < tip.x &&
      box.x + box.width > start.x &&
      box.y < Math.max(start.y, tip.y) &&
      box.y + box.height > Math.min(start.y, tip.y) - 1,
  )
  const top = Math.min(start.y, tip.y, ...passed.map((box) => box.y))
  const used = level.get(top) ?? 0
  level.set(top, used + 1)
  return top - 8 - 7 * (used % 3)
}

function arc(start: Point, tip: Point, y: number): string {
  const [left, right] = [start.x + TURN - CLEAR, tip.x + HEAD - TURN + CLEAR]
  return rounded([
    start,
    { x: left, y: start.y },
    { x: left, y },
    { x: right, y },
    { x: right, y: tip.y },
    tip,
  ])
}

/** The height of the space between two rows, above the lower one. */
function gapBetween(from: Box, to: Box, boxes: readonly Box[]): number {
  const lower = boxes.filter((box) => box.y > from.y + from.height && box.y < to.y + to.height)
  const top = Math.min(to.y, ...lower.map((box) => box.y))
  const upper = boxes.filter((box) => box.y + box.height <= top).map((box) => box.y + box.height)
  const bottom = Math.max(from.y + from.height, ...upper)
  return top - Math.min(SPACE.row / 2, (top - bottom) / 2)
}

/** An S from one height to another. */
function swing(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2
  return `C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`
}

/** Points along the S that `swing` draws, a few pixels apart. */
function alongSwing(from: Point, to: Point): Point[] {
  const steps = Math.max(8, Math.ceil(Math.abs(to.y - from.y) / 4))
  return Array.from({ length: steps + 1 }, (_, i) => {
    const t = i / steps
    const share = 3 * t * t - 2 * t * t * t // of the height: the corners of the curve lie at its ends
    const along = 1.5 * t * (1 - t) + t * t * t // of the width: they lie in its middle
    return { x: from.x + along * (to.x - from.x), y: from.y + share * (to.y - from.y) }
  })
}

/** A line through corners that are rounded off. */
function rounded(corners: readonly Point[]): string {
  const [first] = corners
  if (!first) return ''
  let path = `M${at(first)}`
  for (let i = 1; i + 1 < corners.length; i++) {
    const [before, corner, after] = [corners[i - 1], corners[i], corners[i + 1]]
    if (!before || !corner || !after) continue
    const radius = Math.min(RADIUS, length(before, corner) / 2, length(corner, after) / 2)
    path += `L${at(towards(corner, before, radius))}Q${at(corner)} ${at(towards(corner, after, radius))}`
  }
  const last = corners.at(-1)
  return last ? `${path}L${at(last)}` : path
}

function towards(from: Point, to: Point, distance: number): Point {
  const whole = length(from, to) || 1
  return {
    x: from.x + ((to.x - from.x) * distance) / whole,
    y: from.y + ((to.y - from.y) * distance) / whole,
  }
}

function length(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

function at({ x, y }: Point): string {
  return `${Math.round(10 * x) / 10},${Math.round(10 * y) / 10}`
}

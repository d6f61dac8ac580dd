/** Points on a plane with the way that each came: the embedding of every probe under one fixed map. */
import type { Size } from './paper/sheet'

export interface Dot {
  /** Its way, oldest first, the last where it is now: x and y in turn, in the units of the plane. */
  readonly way: ArrayLike<number>
  readonly colour: string
  readonly label: string
  readonly isChosen: boolean
}

/** What of the plane is looked at: the same for the whole run. */
export interface Bounds {
  readonly left: number
  readonly right: number
  readonly bottom: number
  readonly top: number
}

export interface ScatterColours {
  readonly ink: string
  readonly paper: string
  readonly font: string
}

const MARGIN = 16
const RADIUS = 9
const SMALL = 3

/** Where a point of the plane stands on the canvas; one unit is as long across as up. */
export function placeOn(bounds: Bounds, size: Size): (x: number, y: number) => readonly [number, number] {
  const [wide, high] = [bounds.right - bounds.left || 1, bounds.top - bounds.bottom || 1]
  const scale = Math.min((size.width - 2 * MARGIN) / wide, (size.height - 2 * MARGIN) / high)
  const [left, top] = [(size.width - scale * wide) / 2, (size.height - scale * high) / 2]
  return (x, y) => [left + scale * (x - bounds.left), top + scale * (bounds.top - y)]
}

/** Draw them on a cleared canvas whose unit is the CSS pixel. Of many, each is small and has no name. */
export function drawScatter(
  context: CanvasRenderingContext2D,
  dots: readonly Dot[],
  bounds: Bounds,
  size: Size,
  colours: ScatterColours,
): void {
  const place = placeOn(bounds, size)
  const isCrowded = dots.length > 60
  for (const dot of dots) strokeWay(context, dot, place)
  const ordered = [...dots].sort((a, b) => Number(a.isChosen) - Number(b.isChosen))
  context.font = `600 11px ${colours.font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const dot of ordered) {
    const [x, y] = place(dot.way[dot.way.length - 2] ?? NaN, dot.way[dot.way.length - 1] ?? NaN)
    if (Number.isNaN(x + y)) continue
    context.fillStyle = dot.colour
    context.beginPath()
    context.arc(x, y, isCrowded ? SMALL : RADIUS, 0, 2 * Math.PI)
    context.fill()
    if (dot.isChosen) {
      context.strokeStyle = colours.ink
      context.lineWidth = 2
      context.beginPath()
      context.arc(x, y, (isCrowded ? SMALL : RADIUS) + 3, 0, 2 * Math.PI)
      context.stroke()
    }
    if (!isCrowded) {
      context.fillStyle = colours.paper
      context.fillText(dot.label.slice(0, 2), x, y + 0.5)
    }
  }
}

function strokeWay(
  context: CanvasRenderingContext2D,
  { way, colour }: Dot,
  place: (x: number, y: number) => readonly [number, number],
): void {
  context.strokeStyle = colour
  context.lineWidth = 1.2
  const steps = way.length / 2
  for (let i = 1; i < steps; i++) {
    const [a, b] = place(way[2 * i - 2] ?? NaN, way[2 * i - 1] ?? NaN)
    const [c, d] = place(way[2 * i] ?? NaN, way[2 * i + 1] ?? NaN)
    context.globalAlpha = 0.45 * (i / steps) // it fades into the past
    context.beginPath()
    context.moveTo(a, b)
    context.lineTo(c, d)
    context.stroke()
  }
  context.globalAlpha = 1
}

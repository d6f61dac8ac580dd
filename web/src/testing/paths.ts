/** Where an SVG path of the map runs. */

export interface Point {
  readonly x: number
  readonly y: number
}

/** Points along a path of moves, lines and curves, close enough to see what it crosses. */
export function pointsOn(path: string): Point[] {
  const points: Point[] = []
  for (const [, command = '', text = ''] of path.matchAll(/([MLCQ])([^MLCQ]*)/g)) {
    const corners = text.trim().split(/\s+/).map(pointOf)
    const from = points.at(-1)
    if (from && command !== 'M') points.push(...curve([from, ...corners]))
    else points.push(...corners)
  }
  return points
}

function pointOf(text: string): Point {
  const [x = NaN, y = NaN] = text.split(',').map(Number)
  return { x, y }
}

/** A Bézier curve of any degree; of two points a line. */
function curve(corners: readonly Point[]): Point[] {
  const length = corners.reduce((sum, { x, y }, i) => {
    const before = corners[i - 1]
    return before ? sum + Math.hypot(x - before.x, y - before.y) : sum
  }, 0)
  const steps = Math.max(2, Math.ceil(length / 2))
  return Array.from({ length: steps }, (_, i) => along(corners, (i + 1) / steps))
}

function along(corners: readonly Point[], share: number): Point {
  if (corners.length === 1) return corners[0] ?? { x: NaN, y: NaN }
  const nearer = corners.slice(1).map((to, i) => {
    const from = corners[i] ?? to
    return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }
  })
  return along(nearer, share)
}

/** The plane of a landscape on the page: its scale, and where the frames of the run lie on it. */
import type { Ground } from '../../pictures/landscape'
import { between } from '../../pictures/landscape'
import type { Size } from '../../pictures/paper/sheet'
import type { Landscape } from '../../run/landscape'

/** Colours go down at most so many decades from the largest loss: a loss far below is as good as none. */
const MOST_DECADES = 4

export function groundOf({ entry, loss }: Landscape): Ground {
  let [low, high] = [Infinity, 0]
  for (const value of loss) {
    if (!(value > 0 && value < Infinity)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (!(high > 0)) [low, high] = [0.1, 1]
  const lowest = Math.max(low, high / 10 ** MOST_DECADES)
  return { side: entry.resolution, loss, low: lowest < high ? lowest : high / 10, high }
}

/** The path as x and y in turn, in pixels of a picture of this size. */
export function pathOn({ entry, path }: Landscape, { width, height }: Size): Float64Array {
  const { left, right, bottom, top } = entry
  return Float64Array.from({ length: 2 * path.length }, (_, i) => {
    const point = path[i >> 1]
    return i % 2
      ? height * (1 - ((point?.y ?? NaN) - bottom) / (top - bottom))
      : width * (((point?.x ?? NaN) - left) / (right - left))
  })
}

/** The last point of the path up to a step: a copy of a run may have fewer frames than the path. */
export function pointAt({ path }: Landscape, step: number): number {
  let [low, high] = [0, path.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((path[middle]?.step ?? Infinity) <= step) low = middle
    else high = middle - 1
  }
  return low
}

/** The point of the path that is nearest to a place of the picture. */
export function nearestPoint(path: Float64Array, x: number, y: number): number {
  let [best, far] = [0, Infinity]
  for (let i = 0; 2 * i < path.length; i++) {
    const distance = Math.hypot((path[2 * i] ?? 0) - x, (path[2 * i + 1] ?? 0) - y)
    if (distance < far) [best, far] = [i, distance]
  }
  return best
}

/** The loss that the plane has below a point of the path: between the four points of the grid around it. */
export function lossBelow(landscape: Landscape, point: number): number {
  const { entry, loss, path } = landscape
  const { left, right, bottom, top, resolution } = entry
  const { x = NaN, y = NaN } = path[point] ?? {}
  const [u, v] = [(x - left) / (right - left), (y - bottom) / (top - bottom)]
  if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) return NaN
  const end = resolution - 1
  return between(groundOf(landscape), u * end, v * end, (_, index) => loss[index] ?? NaN)
}

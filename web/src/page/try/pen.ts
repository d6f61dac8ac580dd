/** A pen on an image of few pixels: its edge is soft, so that what it leaves looks as a scanned stroke does. */
import type { Range } from './ranges'

/** Levels of an image that is changed by hand, so that a link holds it exactly. */
export const LEVELS = 255

export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * Cover what a round pen passes over, from one point to another.
 *
 * @param cover - How much of each pixel the stroke covers so far, 0 to 1, row by row.
 * @param radius - Of the pen, in pixels.
 */
export function passOver(
  cover: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  from: Point,
  to: Point,
  radius: number,
): void {
  const reach = radius + 1
  const [left, right] = [Math.min(from.x, to.x) - reach, Math.max(from.x, to.x) + reach]
  const [top, bottom] = [Math.min(from.y, to.y) - reach, Math.max(from.y, to.y) + reach]
  for (let row = Math.max(0, Math.floor(top)); row < Math.min(height, Math.ceil(bottom)); row++) {
    for (let column = Math.max(0, Math.floor(left)); column < Math.min(width, Math.ceil(right)); column++) {
      const far = distance({ x: column + 0.5, y: row + 0.5 }, from, to)
      const share = Math.min(1, Math.max(0, radius + 0.5 - far)) // a pixel is covered as far as the pen reaches into it
      const at = row * width + column
      if (share > (cover[at] ?? 0)) cover[at] = share
    }
  }
}

/** The distance of a point from a line. */
function distance(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  const share = length > 0 ? ((point.x - from.x) * dx + (point.y - from.y) * dy) / length : 0
  const near = Math.min(1, Math.max(0, share))
  return Math.hypot(point.x - from.x - near * dx, point.y - from.y - near * dy)
}

/** The image with a stroke on it: `tones` is its colour, a share of the range a channel. */
export function inked(
  base: ArrayLike<number>,
  cover: Float32Array,
  ranges: readonly Range[],
  tones: readonly number[],
): Float32Array {
  const values = Float32Array.from(base)
  for (const [channel, range] of ranges.entries()) {
    const tone = range.low + (tones[channel] ?? 1) * (range.high - range.low)
    for (let i = 0; i < cover.length; i++) {
      const share = cover[i] ?? 0
      if (share === 0) continue
      const at = channel * cover.length + i
      const before = values[at] ?? 0
      values[at] = before + share * (tone - before)
    }
  }
  return values
}

/** Each value as its level between the ends of the range. */
export function levelsOf(values: ArrayLike<number>, ranges: readonly Range[]): Uint8Array<ArrayBuffer> {
  const length = values.length / Math.max(1, ranges.length)
  return Uint8Array.from(values, (value, i) => {
    const { low, high } = ranges[Math.floor(i / length)] ?? { low: 0, high: 1 }
    return Math.round(LEVELS * Math.min(1, Math.max(0, (value - low) / (high - low))))
  })
}

export function ofLevels(levels: ArrayLike<number>, ranges: readonly Range[]): Float32Array {
  const length = levels.length / Math.max(1, ranges.length)
  return Float32Array.from(levels, (level, i) => {
    const { low, high } = ranges[Math.floor(i / length)] ?? { low: 0, high: 1 }
    return low + (level / LEVELS) * (high - low)
  })
}

/** Light for dark. */
export function inverted(values: ArrayLike<number>, ranges: readonly Range[]): Float32Array {
  return ofLevels(
    levelsOf(values, ranges).map((level) => LEVELS - level),
    ranges,
  )
}

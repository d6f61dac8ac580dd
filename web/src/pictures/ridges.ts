/**
 * How the values of one tensor are spread, at moments of the training, one ridge behind the other: the newest in front.
 *
 * All ridges have one scale along and one scale up, so that what changes is the values.
 */
import { LARGEST, MINUS_INFINITY, NOT_A_NUMBER, PLUS_INFINITY } from '../run/codes'
import type { Size } from './paper/sheet'

export interface Ridge {
  /** The share of the values in each bin, those that are exactly 0 left out. */
  readonly shares: Float32Array
  /** The share that is exactly 0, and the share beyond the ends. */
  readonly zeros: number
  readonly beyond: number
}

/** Where the bins begin and end. */
export interface Range {
  readonly low: number
  readonly high: number
}

export interface RidgeColours {
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly paper: string
  readonly accent: string
  readonly font: string
}

/** Few values need few bins, else a ridge is a comb: three times the cube root of their number. */
const MOST_BINS = 64
const LEAST_BINS = 12
/** What rounding may leave of a value that lies on the border of a bin. */
const DUST = 1e-9
/** Room for the tallest of the ridges behind, as a share of the height; and for the numbers below. */
const RISE = 0.34
const FOOT = 16

/** Spread the values of one moment over the bins. What is not finite counts as beyond the ends. */
export function ridgeOf(codes: Int16Array, scale: number, { low, high }: Range): Ridge {
  const bins = Math.max(LEAST_BINS, Math.min(MOST_BINS, Math.ceil(3 * Math.cbrt(codes.length))))
  const counts = new Float32Array(bins)
  let [zeros, beyond] = [0, 0]
  const factor = (bins * scale) / (high - low || 1)
  const shift = (-bins * low) / (high - low || 1)
  for (const code of codes) {
    if (code === 0) {
      zeros++
      continue
    }
    const bin = Math.floor(code * factor + shift + DUST)
    const isFinite = code !== NOT_A_NUMBER && code !== PLUS_INFINITY && code !== MINUS_INFINITY
    // The largest value there is stands in the last bin.
    const last = Math.min(bins - 1, bin)
    if (isFinite && bin >= 0 && bin <= bins) counts[last] = (counts[last] ?? 0) + 1
    else beyond++
  }
  const total = Math.max(1, codes.length)
  return { shares: counts.map((count) => count / total), zeros: zeros / total, beyond: beyond / total }
}

/** The range that holds the finite values of all moments, but never more than ±limit: a spike would squash the rest. */
export function rangeOf(moments: readonly { codes: Int16Array; scale: number }[], limit: number): Range {
  let [low, high] = [Infinity, -Infinity]
  for (const { codes, scale } of moments) {
    let [least, greatest] = [LARGEST, -LARGEST]
    for (const code of codes) {
      if (code > LARGEST || code < -LARGEST) continue
      if (code < least) least = code
      if (code > greatest) greatest = code
    }
    if (least > greatest) continue
    low = Math.min(low, least * scale)
    high = Math.max(high, greatest * scale)
  }
  if (low > high) return { low: -1, high: 1 }
  const end = limit > 0 ? limit : Math.max(-low, high)
  const range = { low: Math.max(-end, low), high: Math.min(end, high) }
  return range.low < range.high ? range : { low: range.low - 0.5, high: range.high + 0.5 }
}

/** The share that the tallest bin of all reaches. */
export function tallestOf(ridges: readonly Ridge[]): number {
  return ridges.reduce((most, { shares }) => shares.reduce((tall, share) => Math.max(tall, share), most), 0)
}

/** Draw the ridges on a cleared canvas whose unit is the CSS pixel, the first at the back. */
export function drawRidges(
  context: CanvasRenderingContext2D,
  ridges: readonly Ridge[],
  tallest: number,
  size: Size,
  colours: RidgeColours,
): void {
  context.lineJoin = 'round'
  context.lineWidth = 1
  for (const [i, ridge] of ridges.entries()) {
    const depth = ridges.length > 1 ? i / (ridges.length - 1) : 1
    traceRidge(context, ridge, depth, tallest, size)
    context.globalAlpha = 1
    context.fillStyle = colours.paper
    context.fill()
    context.globalAlpha = 0.25 + 0.5 * depth
    context.strokeStyle = colours.ink
    context.stroke()
  }
  context.globalAlpha = 1
}

/** The same of one moment, highlighted: over all others, at its own depth from 0 (the first) to 1 (the newest). */
export function drawHighlight(
  context: CanvasRenderingContext2D,
  ridge: Ridge,
  depth: number,
  tallest: number,
  size: Size,
  { accent }: RidgeColours,
): void {
  traceRidge(context, ridge, depth, tallest, size)
  context.lineJoin = 'round'
  context.fillStyle = accent
  context.globalAlpha = 0.3
  context.fill()
  context.globalAlpha = 1
  context.strokeStyle = accent
  context.lineWidth = 1.8
  context.stroke()
}

/** The height of the line that a ridge stands on. */
export function floorOf(depth: number, { height }: Size): number {
  const top = RISE * (height - FOOT)
  return top + depth * (height - FOOT - top)
}

/** How deep a height is, the other way round. */
export function depthAt(y: number, { height }: Size): number {
  const top = RISE * (height - FOOT)
  return Math.max(0, Math.min(1, (y - top) / Math.max(1, height - FOOT - top)))
}

function traceRidge(
  context: CanvasRenderingContext2D,
  { shares }: Ridge,
  depth: number,
  tallest: number,
  size: Size,
): void {
  const floor = floorOf(depth, size)
  const rise = tallest > 0 ? (RISE * (size.height - FOOT) - 3) / tallest : 0
  context.beginPath()
  context.moveTo(0, floor)
  for (const [bin, share] of shares.entries()) {
    context.lineTo(((bin + 0.5) / shares.length) * size.width, floor - rise * share)
  }
  context.lineTo(size.width, floor)
}

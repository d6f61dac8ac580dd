/**
 * One lane a probe, time from left to right: how sure the model was of the right class, and what it read instead.
 * Drawn once for all frames; the clock moves over it.
 */
import type { Size } from './paper/sheet'

/** A stretch of frames in which one answer was given. */
export interface Stretch {
  /** From where to where (CSS pixels). */
  readonly from: number
  readonly to: number
  readonly isRight: boolean
  /** The class that was read, in words. */
  readonly said: string
}

export interface Lane {
  readonly stretches: readonly Stretch[]
  /** The place of each frame (CSS pixels), and the share of the right class there, 0 to 1; NaN where unknown. */
  readonly x: ArrayLike<number>
  readonly shares: ArrayLike<number>
}

export interface LaneColours {
  readonly right: string
  readonly wrong: string
  readonly line: string
  readonly soft: string
  readonly font: string
}

/** Room between lanes, and the least width of a stretch that has its answer written on it. */
const GAP = 9
const WORD_ROOM = 8

/** Draw the lanes on a cleared canvas whose unit is the CSS pixel, `size.height` shared evenly. */
export function drawLanes(
  context: CanvasRenderingContext2D,
  lanes: readonly Lane[],
  size: Size,
  colours: LaneColours,
): void {
  const pitch = size.height / Math.max(1, lanes.length)
  for (const [i, lane] of lanes.entries()) {
    const [top, floor] = [i * pitch + GAP, (i + 1) * pitch]
    context.strokeStyle = colours.line
    context.lineWidth = 1
    context.beginPath()
    context.moveTo(0, floor - 0.5)
    context.lineTo(size.width, floor - 0.5)
    context.stroke()
    for (const stretch of lane.stretches) {
      fillStretch(context, lane, stretch, top, floor, colours)
    }
    for (const stretch of lane.stretches) {
      if (!stretch.isRight) writeAnswer(context, stretch, floor, colours)
    }
  }
}

function fillStretch(
  context: CanvasRenderingContext2D,
  { x, shares }: Lane,
  { from, to, isRight }: Stretch,
  top: number,
  floor: number,
  colours: LaneColours,
): void {
  context.save()
  context.beginPath()
  context.rect(from, top - 1, to - from, floor - top + 1)
  context.clip()
  context.fillStyle = isRight ? colours.right : colours.wrong
  context.globalAlpha = isRight ? 0.55 : 0.4
  context.beginPath()
  let last = NaN
  for (let frame = 0; frame < x.length; frame++) {
    const share = shares[frame] ?? NaN
    const at = x[frame] ?? 0
    const next = x[frame + 1] ?? to
    if (next < from || at > to || Number.isNaN(share)) continue
    const y = floor - (floor - top) * share
    if (Number.isNaN(last)) context.moveTo(at, floor)
    context.lineTo(at, y)
    last = at
  }
  if (!Number.isNaN(last)) {
    const share = lastKnown(shares)
    context.lineTo(to, floor - (floor - top) * share)
    context.lineTo(to, floor)
    context.closePath()
    context.fill()
  }
  // However small the share is, one sees whether it was right.
  context.globalAlpha = 1
  context.fillRect(from, floor - 2, to - from, 2)
  context.restore()
}

function lastKnown(shares: ArrayLike<number>): number {
  for (let i = shares.length - 1; i >= 0; i--) if (!Number.isNaN(shares[i] ?? NaN)) return shares[i] ?? 0
  return 0
}

function writeAnswer(
  context: CanvasRenderingContext2D,
  { from, to, said }: Stretch,
  floor: number,
  colours: LaneColours,
): void {
  context.font = `11px ${colours.font}`
  if (!said || context.measureText(said).width + WORD_ROOM > to - from) return
  context.fillStyle = colours.wrong
  context.fillText(said, from + 4, floor - 6)
}

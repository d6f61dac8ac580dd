/** The span of steps that is looked at: charts show it, and the clock stays in it. In the address: `zoom=100-250`. */
import type { FrameTable } from '../../run/tables'

export interface Zoom {
  readonly from: number
  readonly to: number
}

/** What an address says; null for the whole run, and for what is no span. */
export function zoomOf(text: string | undefined): Zoom | null {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(text ?? '') ?? []
  return from !== undefined && to !== undefined && Number(from) < Number(to)
    ? { from: Number(from), to: Number(to) }
    : null
}

/** The text for the span between two steps, whichever comes first; empty where that is none, or the whole run. */
export function zoomText(one: number, other: number, lastStep: number): string {
  const from = Math.max(0, Math.round(Math.min(one, other)))
  const to = Math.min(lastStep, Math.round(Math.max(one, other)))
  return to <= from || (from === 0 && to === lastStep) ? '' : `${from}-${to}`
}

/** The first and last frame of a span; between two frames, the one that is nearest to it. */
export function framesOf(zoom: Zoom, frames: FrameTable): readonly [first: number, last: number] {
  let first = frames.nearest(zoom.from)
  let last = frames.nearest(zoom.to)
  if (frames.step(first) < zoom.from && first < last) first++
  if (frames.step(last) > zoom.to && first < last) last--
  return [first, last]
}

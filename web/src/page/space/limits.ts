/** Where the colour scale of every map ends: one scale a map for the whole run. */
import { limitOf, roundUp } from '../../pictures/paper/scale'
import { LARGEST } from '../../run/codes'
import { valuesOfMap, type Space, type SpaceRow } from '../../run/space'
import type { Run } from '../../run/run'
import { baseOf, type Look } from '../look'

/** Scales are taken from at most so many frames, evenly spread. */
const MOST_FRAMES = 4000
const BATCH = 500

export async function mapLimits(run: Run): Promise<readonly number[]> {
  const { space } = run.manifest
  if (!space) return []
  const largest: number[][] = Array.from({ length: space.maps }, () => [])
  const stride = Math.ceil(run.frames.count / MOST_FRAMES)
  for (let first = 0; first < run.frames.count; first += BATCH) {
    const stop = Math.min(run.frames.count, first + BATCH)
    const rows = await run.spaceScalesOf(first, stop)
    if (!rows) break
    for (let frame = first; frame < stop; frame += stride) {
      const from = (frame - first) * space.maps
      largest.forEach((values, map) => values.push(LARGEST * (rows[from + map] ?? NaN)))
    }
  }
  return largest.map(limitOf)
}

/** The same of a change, from a few frames spread over the run. */
export async function changeLimits(run: Run, look: Look): Promise<readonly number[]> {
  const { space } = run.manifest
  const last = run.frames.count - 1
  if (!space || last < 0) return []
  const limits = new Array<number>(space.maps).fill(0)
  for (const frame of new Set([1, last / 4, last / 2, last].map((at) => Math.min(last, Math.round(at))))) {
    const base = await run.frame(baseOf({ look, skin: 0 }, frame, last), ['space'])
    const now = await run.frame(frame, ['space'])
    if (base.space && now.space) widen(limits, space, base.space, now.space)
  }
  return limits.map(roundUp)
}

function widen(limits: number[], space: Space, before: SpaceRow, after: SpaceRow): void {
  for (const layer of space.layers) {
    for (let index = 0; index < layer.chosen.length; index++) {
      const [old, now] = [valuesOfMap(before, layer, index), valuesOfMap(after, layer, index)]
      const map = layer.firstMap + index
      now?.forEach((value, i) => {
        const change = Math.abs(value - (old?.[i] ?? NaN))
        if (change > (limits[map] ?? 0) && change < Infinity) limits[map] = change
      })
    }
  }
}

/** The loss around the path of the weights, which `onionskin landscape` adds to a finished run. */
import type { RunArray } from './array'
import { broken } from './errors'
import type { Fields } from './fields'
import type { Values } from './values'

/** The plane that the loss was evaluated on. */
export interface LandscapeEntry {
  /** Whose loss it is: the name of a training, or a script. */
  readonly source: string
  /** How many examples it is the loss of; 0 where the script alone knows. */
  readonly examples: number
  /** Points along each axis. */
  readonly resolution: number
  /** The ends of the grid, as distances from the last weights. */
  readonly left: number
  readonly right: number
  readonly bottom: number
  readonly top: number
  /** Which share of the path's variance each axis holds. */
  readonly shares: readonly [x: number, y: number]
}

/** Where one frame lies. */
export interface PathPoint {
  readonly step: number
  readonly x: number
  readonly y: number
  /** The distance of its weights from the plane. */
  readonly off: number
  /** The loss of its own weights; NaN where it was not taken. */
  readonly loss: number
}

export interface Landscape {
  readonly entry: LandscapeEntry
  /** (row, column) laid flat, rows from the bottom up. */
  readonly loss: Float64Array
  readonly path: readonly PathPoint[]
}

const MOST_RESOLUTION = 201
const COLUMNS = 5
/** A recorder keeps fewer frames than this. */
const MOST_FRAMES = 1_000_000

export function readLandscapeEntry(f: Fields): LandscapeEntry {
  const entry = {
    source: f.text('source'),
    examples: f.whole('examples'),
    resolution: f.whole('resolution'),
    left: f.number('left'),
    right: f.number('right'),
    bottom: f.number('bottom'),
    top: f.number('top'),
    shares: [f.number('share_x'), f.number('share_y')] as const,
  }
  const { resolution, left, right, bottom, top } = entry
  if (!(left < right && bottom < top && resolution >= 3 && resolution <= MOST_RESOLUTION)) {
    throw broken(`its landscape has ${resolution} points from ${left} to ${right}`)
  }
  return entry
}

export function landscapeOf(entry: LandscapeEntry, loss: Values, table: Values): Landscape {
  if (!(loss instanceof Float64Array) || loss.length !== entry.resolution ** 2) {
    throw broken(`its landscape has ${loss.length} losses`)
  }
  if (table.length % COLUMNS !== 0) throw broken('the path in its landscape is cut short')
  const path = Array.from({ length: table.length / COLUMNS }, (_, i) => {
    const [step = NaN, x = NaN, y = NaN, off = NaN, own = NaN] = table.subarray(
      COLUMNS * i,
      COLUMNS * (i + 1),
    )
    return { step, x, y, off, loss: own }
  })
  if (path.length === 0) throw broken('there is no path in its landscape')
  return { entry, loss, path }
}

/** Read the arrays of a landscape; null where there is none, or a copy left them out. */
export async function readLandscape(
  entry: LandscapeEntry | null,
  open: (name: string) => Promise<RunArray | null>,
): Promise<Landscape | null> {
  if (!entry) return null
  const [loss, path] = await Promise.all([open('landscape/loss'), open('landscape/path')])
  if (!loss || !path) return null
  const [side = 0] = loss.shape
  const [frames = 0] = path.shape
  if (side > MOST_RESOLUTION || frames > MOST_FRAMES)
    throw broken(`its landscape has a path of ${frames} frames`)
  return landscapeOf(entry, await loss.rows(0, side), await path.rows(0, frames))
}

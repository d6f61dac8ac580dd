/** What the large map shows at a moment: shaded pixels, the lines where the answer turns, and the points. */
import { classColour, classInk } from '../../pictures/paper/classes'
import type { Palette } from '../../pictures/paper/palette'
import { contourOf, shadeField, shadeRegions, type Field, type Point, type Wash } from '../../pictures/space'
import type { Probes } from '../../run/manifest'
import { mapIn, valuesOfMap, type Space, type SpaceRow } from '../../run/space'
import type { Values } from '../../run/values'
import { isChange, VEIL, type Look } from '../look'
import { read, type Read, type Reading, type Unit } from './answer'

type ThemeName = 'light' | 'dark'

/** A frame's maps, and those of the frame they are looked at against. */
export interface Moment {
  readonly row: SpaceRow
  readonly base: SpaceRow | null
  readonly look: Look
}

/** The field of one unit, inked; null where the frame has no such map. */
export function fieldOf({ layer, index }: Unit, moment: Moment, limit: number): Field | null {
  const { row, base, look } = moment
  const map = layer.firstMap + index
  const codes = mapIn(row, layer, index)
  const before = base && mapIn(base, layer, index)
  if (!codes || (base && !before)) return null
  const gain = (from: SpaceRow) => (limit > 0 ? (from.scales[map] ?? 0) / limit : 0)
  const veil = isChange(look) ? 0 : VEIL
  return { codes, gain: gain(row), base: base && before ? { codes: before, gain: gain(base), veil } : null }
}

/** Lines of a moment: solid, and of an onion skin's other frame. */
export interface Lines {
  readonly now: readonly Float32Array[]
  readonly before: readonly Float32Array[]
}

/** Shade one unit into pixels. Its lines are where it is 0. */
export function shadeUnit(
  unit: Unit,
  moment: Moment,
  limit: number,
  inks: { readonly wash: Wash; readonly palette: Palette },
  pixels: Uint8ClampedArray,
): Lines | null {
  const field = fieldOf(unit, moment, limit)
  if (!field) return null
  shadeField(field, unit.layer.side, inks.wash, inks.palette, pixels)
  const lines = (row: SpaceRow) => {
    const values = valuesOfMap(row, unit.layer, unit.index)
    return values ? [contourOf(values, unit.layer.side)] : []
  }
  return { now: lines(moment.row), before: moment.base ? lines(moment.base) : [] }
}

/** Shade what is read at every place. A change shows only what is read otherwise now. */
export function shadeAnswer(
  reading: Reading,
  moment: Moment,
  theme: ThemeName,
  palette: Palette,
  pixels: Uint8ClampedArray,
): { readonly now: Read; readonly lines: Lines } | null {
  const now = read(reading, moment.row)
  const before = moment.base && read(reading, moment.base)
  if (!now) return null
  const colours = Array.from({ length: reading.classes }, (_, label) => classInk(label, theme))
  const against = isChange(moment.look) ? before : null
  shadeRegions(now, against, reading.layer.side, colours, palette, pixels)
  return { now, lines: { now: now.contours, before: before?.contours ?? [] } }
}

/** The probes as points; one that is read as what it is not is hollow. */
export function pointsOf(
  space: Space,
  probes: Probes,
  inputs: Values | undefined,
  readAs: readonly number[],
  chosen: number,
  theme: ThemeName,
  plain: string,
): readonly Point[] {
  if (!inputs || inputs.length !== 2 * probes.count) return []
  return Array.from({ length: probes.count }, (_, probe) => {
    const label = probes.labels[probe] ?? -1
    const said = readAs[probe] ?? -1
    return {
      x: ((inputs[2 * probe] ?? NaN) - space.low[0]) / (space.high[0] - space.low[0]),
      y: ((inputs[2 * probe + 1] ?? NaN) - space.low[1]) / (space.high[1] - space.low[1]),
      colour: label < 0 ? plain : classColour(label, theme),
      isWrong: label >= 0 && said >= 0 && said !== label,
      isChosen: probe === chosen,
    }
  })
}

/** Round numbers between two, about `count` of them: the marks of an axis. */
export function marks(low: number, high: number, count: number): readonly number[] {
  const rough = (high - low) / count
  const decade = 10 ** Math.floor(Math.log10(rough))
  const step = decade * ([1, 2, 5, 10].find((round) => round * decade >= rough) ?? 10)
  const first = Math.ceil(low / step)
  const length = Math.max(0, Math.min(100, Math.floor(high / step) - first + 1))
  return Array.from({ length }, (_, i) => Number(((first + i) * step).toPrecision(10)))
}

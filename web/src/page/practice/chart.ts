/** Where the marks of a report's chart lie: the same as in its HTML file (onionskin/learn/report/figure.py). */
import type { Axis, Chart, Numbers, Series } from '../../run/practice'

export interface Plot {
  /** Where a value lies from the left, from the top (CSS pixels); NaN where it does not. */
  readonly x: (value: number | null | undefined) => number
  readonly y: (value: number | null | undefined) => number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly isTurned: boolean
  readonly ticksX: readonly { readonly at: number; readonly name: string | number }[]
  readonly ticksY: readonly { readonly at: number; readonly name: number }[]
  /** Of a bar (CSS pixels). */
  readonly barWidth: number
}

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 14, 14, 44]
/** Room for names that are turned, and the letters of one (CSS pixels). */
export const TURNED = 52
const LETTER = 7
/** So many names stand along an axis. */
const MOST_NAMES = 60

/** Lay a chart out in a picture of this size; `height` grows by `TURNED` where names are turned. */
export function plotOf(chart: Chart, width: number, height: number): Plot {
  const { ticks } = chart.x
  const bars = chart.series.filter(({ mark }) => mark === 'bars')
  const xs = chart.series.flatMap(({ x }) => x)
  const known = xs.filter((x) => x !== null)
  const gap = gapOf(bars.length ? bars.flatMap(({ x }) => x) : known)
  if (bars.length || ticks.length) {
    xs.push(Math.min(...known, ...(known.length ? [] : [0])) - gap / 2)
    xs.push(Math.max(...known, ...(known.length ? [] : [0])) + gap / 2)
  }
  const ys = chart.series.flatMap(({ y, low, high }) => [...y, ...low, ...high])
  if (bars.length && !chart.y.isLog) ys.push(0)
  const [across, up] = [scaleOf(chart.x, xs), scaleOf(chart.y, ys)]
  const isTurned =
    ticks.length > 0 &&
    Math.max(...ticks.map(short).map(({ length }) => length)) * LETTER > (width - LEFT - RIGHT) / ticks.length
  const [left, right, top, bottom] = [LEFT, width - RIGHT, TOP, height - BOTTOM - (isTurned ? TURNED : 0)]
  const x = (value: number | null | undefined) => left + across.at(value) * (right - left)
  const y = (value: number | null | undefined) => bottom - up.at(value) * (bottom - top)
  const every = Math.ceil(ticks.length / MOST_NAMES)
  const named = ticks.map((name, i) => ({ at: x(i), name: short(name) })).filter((_, i) => i % every === 0)
  const numbered = (values: readonly number[], place: Plot['x']) =>
    values.map((name) => ({ at: place(name), name }))
  const inside = <T extends { at: number }>(all: readonly T[], from: number, to: number) =>
    all.filter(({ at }) => at >= from - 1 && at <= to + 1)
  return {
    x, y, left, right, top, bottom, isTurned,
    ticksX: inside<{ at: number; name: string | number }>(
      ticks.length ? named : numbered(across.ticks(Math.max(3, width / 90)), x), left, right,
    ),
    ticksY: inside(numbered(up.ticks(5), y), top, bottom),
    barWidth: ((0.8 * gap) / Math.max(1, bars.length) / across.span) * (right - left),
  } // prettier-ignore
}

function short(name: string): string {
  return name.length > 16 ? `${name.slice(0, 15)}…` : name
}

function gapOf(values: Numbers): number {
  const sorted = [...new Set(values)].filter((x) => x !== null).sort((a, b) => a - b)
  const gap = Math.min(...sorted.slice(1).map((x, i) => x - (sorted[i] ?? 0)))
  return Number.isFinite(gap) ? gap : 1
}

function scaleOf(axis: Axis, values: Numbers) {
  const isLog = axis.isLog && values.some((value) => value !== null && value > 0)
  const place = (value: number | null | undefined): number =>
    value === null || value === undefined || (isLog && value <= 0) ? NaN : isLog ? Math.log10(value) : value
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    const at = place(value)
    if (at < low) low = at
    if (at > high) high = at
  }
  if (low > high) [low, high] = [0, 1]
  if (low === high) [low, high] = [low - 0.5, high + 0.5]
  const span = high - low
  const ticks = (about: number): readonly number[] => {
    if (isLog && span >= 1) {
      const step = Math.max(1, Math.round(span / about))
      const count = Math.floor((Math.floor(high) - Math.ceil(low)) / step) + 1
      return Array.from({ length: count }, (_, i) => 10 ** (Math.ceil(low) + i * step))
    }
    const [from, to] = isLog ? [10 ** low, 10 ** high] : [low, high]
    const raw = (to - from) / about
    const power = 10 ** Math.floor(Math.log10(raw))
    const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power
    if (!(step > 0 && step < Infinity)) return []
    const first = Math.ceil(from / step - 1e-9)
    return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, i) =>
      Number(((first + i) * step).toPrecision(12)),
    )
  }
  return { span, at: (value: number | null | undefined) => (place(value) - low) / span, ticks }
}

/** The path of a line; it is broken where there is no value. */
export function pathOf({ x, y }: Series, plot: Plot): string {
  let isDown = false
  return x
    .map((value, i) => {
      const [at, up] = [plot.x(value), plot.y(y[i])]
      const isThere = Number.isFinite(at + up)
      const part = isThere ? `${isDown ? 'L' : 'M'}${at.toFixed(1)} ${up.toFixed(1)}` : ''
      isDown = isThere
      return part
    })
    .join('')
}

/** The outline of the interval around a line. */
export function bandOf({ x, low, high }: Series, plot: Plot): string {
  const points = (ends: Numbers) => ends.map((end, i) => [plot.x(x[i]), plot.y(end)] as const)
  const [upper, lower] = [points(high), points(low)]
  const isThere = (i: number) =>
    [upper[i], lower[i]].every((point) => point && Number.isFinite(point[0] + point[1]))
  const kept = upper.map((_, i) => i).filter(isThere)
  const at = (from: typeof upper, i: number) => from[i]?.map((value) => value.toFixed(1)).join(' ') ?? ''
  const outline = [...kept.map((i) => at(upper, i)), ...kept.reverse().map((i) => at(lower, i))]
  return kept.length > 1 ? `M${outline.join('L')}Z` : ''
}

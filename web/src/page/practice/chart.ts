/** Where the marks of a report's chart lie: the same as in its HTML file (onionskin/learn/report/figure.py). */
import type { Axis, Chart, Numbers } from '../../run/practice'
import { brief } from '../curves/numbers'

interface Tick {
  readonly at: number
  readonly name: string
}

/** What is drawn of one series, as paths. */
interface Drawn {
  readonly bars: string
  readonly band: string
  readonly line: string
  readonly dots: string
  /** Intervals over bars. */
  readonly whiskers: string
}

export interface Plot {
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly isTurned: boolean
  readonly ticksX: readonly Tick[]
  readonly ticksY: readonly Tick[]
  readonly drawn: readonly Drawn[]
  readonly notes: readonly Tick[]
}

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 14, 14, 44]
const TALL = 280
/** Room for names that are turned, and the width of a letter (CSS pixels). */
const TURNED = 52
const LETTER = 7
/** So many names stand along an axis, in so many letters. */
const MOST_NAMES = 60
const MOST_LETTERS = 16

/** Lay a chart out in a picture of this width (CSS pixels). */
export function plotOf(chart: Chart, width: number): Plot {
  const names = chart.x.ticks.map((name) =>
    name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name,
  )
  const [left, right, top] = [LEFT, width - RIGHT, TOP]
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0)
  const isTurned = longest * LETTER * names.length > right - left
  const height = TALL + (isTurned ? TURNED : 0)
  const bottom = TALL - BOTTOM
  const bars = chart.series.filter(({ mark }) => mark === 'bars')
  const known = chart.series.flatMap(({ x }) => x).filter((x) => x !== null)
  const gap = gapOf(bars.length ? bars.flatMap(({ x }) => x) : known)
  const edge = bars.length || names.length ? gap / 2 : 0
  const across = scaleOf(chart.x, known.length ? known.flatMap((x) => [x - edge, x + edge]) : [0, 1])
  const ys = chart.series.flatMap(({ y, low, high }) => [...y, ...low, ...high])
  const up = scaleOf(chart.y, bars.length && !chart.y.isLog ? [...ys, 0] : ys)
  const x = (value: number | null | undefined) => left + across.at(value) * (right - left)
  const y = (value: number | null | undefined) => bottom - up.at(value) * (bottom - top)
  const ticks = (values: readonly number[], place: typeof x, from: number, to: number) =>
    values
      .map((value) => ({ at: place(value), name: brief(value) }))
      .filter(({ at }) => at > from - 1 && at < to + 1)

  const wide = ((0.8 * gap) / (bars.length || 1) / across.span) * (right - left)
  const foot = Math.min(bottom, y(0) || bottom)
  const drawn = chart.series.map((series): Drawn => {
    const { mark, low, high } = series
    const isBars = mark === 'bars'
    const shift = isBars ? (bars.indexOf(series) - (bars.length - 1) / 2) * wide : 0
    const points = series.x.map((value, i) => ({
      at: x(value) + shift,
      up: y(series.y[i]),
      low: y(low[i]),
      high: y(high[i]),
    }))
    const there = points.filter((p) => isFinite(p.at + p.up))
    const between = points.filter((p) => isFinite(p.at + p.low + p.high))
    const upright = between.map((p) => `M${p.at} ${p.low}V${p.high}`).join('')
    const joined = points.map((p, i) => {
      const before = points[i - 1]
      const isThere = isFinite(p.at + p.up)
      return isThere ? `${before && isFinite(before.at + before.up) ? 'L' : 'M'}${p.at} ${p.up}` : ''
    })
    const outline = [
      ...between.map((p) => `${p.at} ${p.high}`),
      ...between.reverse().map((p) => `${p.at} ${p.low}`),
    ]
    const isLine = mark === 'line'
    return {
      bars: isBars ? there.map((p) => `M${p.at - wide / 2} ${foot}V${p.up}h${wide}V${foot}Z`).join('') : '',
      band: isLine && between.length > 1 ? `M${outline.join('L')}Z` : '',
      line: isLine ? joined.join('') : isBars ? '' : upright,
      dots:
        mark === 'points' || (isLine && there.length < 3)
          ? there.map((p) => `M${p.at} ${p.up}h0`).join('')
          : '',
      whiskers: isBars ? upright : '',
    }
  })
  const every = Math.ceil(names.length / MOST_NAMES)
  return {
    ...{ height, left, right, top, bottom, isTurned, drawn },
    ticksX: names.length
      ? names.map((name, i) => ({ at: x(i), name })).filter(({ at }, i) => i % every === 0 && at > left && at < right)
      : ticks(across.ticks(Math.max(3, width / 90)), x, left, right),
    ticksY: ticks(up.ticks(5), y, top, bottom),
    notes: chart.notes
      .map((note) => ({ at: x(note.x), name: note.text }))
      .filter(({ at }) => at >= left && at <= right),
  } // prettier-ignore
}

/** The least distance between two values. */
function gapOf(values: Numbers): number {
  const sorted = [...new Set(values)].filter((x) => x !== null).sort((a, b) => a - b)
  const gap = sorted.reduce(
    (least, x, i) => (i ? Math.min(least, x - (sorted[i - 1] ?? 0)) : least),
    Infinity,
  )
  return isFinite(gap) ? gap : 1
}

function scaleOf({ isLog: wantsLog }: Axis, values: Numbers) {
  const isLog = wantsLog && values.some((value) => value !== null && value > 0)
  const place = (value: number | null | undefined): number => {
    if (value === null || value === undefined || (isLog && value <= 0)) return NaN
    return isLog ? Math.log10(value) : Math.max(-1e300, Math.min(1e300, value)) // beyond, a difference may be infinite
  }
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    const at = place(value)
    if (at < low) low = at
    if (at > high) high = at
  }
  if (low > high) [low, high] = [0, 1]
  const room = low === high ? Math.max(0.5, Math.abs(low) / 100) : 0 // half a unit is nothing beside 10^16
  low -= room
  high += room
  const span = high - low
  const ticks = (about: number): readonly number[] => {
    const isDecades = isLog && span >= 1
    const [from, to] = isLog && !isDecades ? [10 ** low, 10 ** high] : [low, high]
    const raw = (to - from) / about
    const power = 10 ** Math.floor(Math.log10(raw))
    const round = ([1, 2, 5].find((factor) => factor * power >= raw * 0.999) ?? 10) * power
    const step = isDecades ? Math.max(1, Math.round(raw)) : round
    const first = Math.ceil(from / step - 1e-9)
    const count = Math.floor(to / step + 1e-9) - first + 1
    if (!(count > 0 && count < 100)) return []
    const values = Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)))
    return isDecades ? values.map((value) => 10 ** value) : values
  }
  return { span, at: (value: number | null | undefined) => (place(value) - low) / span, ticks }
}

/** A chart's specification before it is drawn: what it may not ask for, how wide it becomes, and the colours of the page. */
import type { Colour } from '../../pictures/paper/palette'
import type { Ramp } from '../../pictures/paper/ramp'
import { RunError } from '../../run/errors'
import type { Spec } from '../../run/lab'
import type { Inks } from '../theme.svelte'

/** Deeper nothing stands that a person wrote, and no chart on one page has more rows. */
const [DEEPEST, MOST_ROWS] = [40, 200_000]
/** Narrower than this (CSS pixels) charts that stood beside each other stand below each other. */
const NARROW = 560
/** What axes and legends take of the width of a chart among several. */
const FRAME = 74
const GAP = 20

/**
 * Refuse what reaches out of the page. A chart has its data in it, so it needs no address; expressions are
 * interpreted, and reach nothing but the data.
 *
 * @throws RunError - It names an address, or is larger than any chart.
 */
export function refuseHarm(spec: Spec): void {
  let rows = 0
  const visit = (value: unknown, depth: number): void => {
    if (depth > DEEPEST) throw refused('it is nested deeper than any chart')
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value) visit(item, depth + 1)
      return
    }
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'url' || name === 'href') throw refused('it names an address to load from')
      if (name === 'sequence' || name === 'graticule' || name === 'sphere')
        throw refused('it makes up its data')
      if (isData(name, inner)) rows += count(inner)
      else visit(inner, depth + 1)
    }
    if (rows > MOST_ROWS) throw refused(`it has more than ${MOST_ROWS.toLocaleString('en')} rows`)
  }
  visit(spec, 0)
}

/** Rows are only drawn, whatever their columns are called. */
function isData(name: string, value: unknown): boolean {
  return typeof value === 'object' && value !== null && (name === 'values' || name === 'datasets')
}

function count(data: unknown): number {
  return Object.values(data as object).reduce(
    (sum: number, one: unknown) => sum + (Array.isArray(one) ? one.length : 1),
    0,
  )
}

function refused(what: string): RunError {
  return new RunError(`this chart is not drawn: ${what}`, 'charts carry their data; run the question again')
}

/** The same chart for a page so wide (CSS pixels). What has a width of its own keeps it, and is scrolled where it is too wide. */
export function fitted(spec: Spec, room: number): Spec {
  const beside = spec['hconcat']
  if (Array.isArray(beside)) {
    const isNarrow = room < NARROW
    const each = isNarrow ? room : (room - GAP * (beside.length - 1)) / beside.length
    const parts = beside.map((part: unknown) => (isSpec(part) ? sized(part, each - FRAME) : part))
    if (!isNarrow) return { ...spec, hconcat: parts }
    return { ...without(spec, 'hconcat'), vconcat: parts }
  }
  const below = spec['vconcat']
  if (Array.isArray(below)) {
    return {
      ...spec,
      vconcat: below.map((part: unknown) => (isSpec(part) ? sized(part, room - FRAME) : part)),
    }
  }
  if (isFaceted(spec)) return fittedFacets(spec, room)
  if ('width' in spec || !('mark' in spec || 'layer' in spec)) return spec
  return { ...spec, width: room, autosize: { type: 'fit-x', contains: 'padding' } }
}

/** So many small charts in a row as there is room for. */
function fittedFacets(spec: Spec, room: number): Spec {
  const inner = spec['spec']
  if (!isSpec(inner) || !isSpec(spec['facet']) || 'width' in inner) return spec
  const wanted = typeof spec['columns'] === 'number' && spec['columns'] > 0 ? spec['columns'] : 3
  const columns = Math.max(1, Math.min(wanted, Math.floor(room / 230)))
  return { ...spec, columns, spec: sized(inner, (room - FRAME - GAP * (columns - 1)) / columns) }
}

function sized(part: Spec, width: number): Spec {
  return 'width' in part || !('mark' in part || 'layer' in part)
    ? part
    : { ...part, width: Math.max(120, Math.round(width)) }
}

function isFaceted(spec: Spec): boolean {
  const encoding = spec['encoding']
  return (
    'facet' in spec ||
    'repeat' in spec ||
    (isSpec(encoding) && ['row', 'column', 'facet'].some((name) => name in encoding))
  )
}

function isSpec(value: unknown): value is Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function without(spec: Spec, name: string): Spec {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => key !== name))
}

/** On an axis of logarithms a line for every tick would be a net: only those with a label have one. */
const NAMED_ONLY = { condition: { test: "datum.label === ''", value: 0 }, value: 1 }

/** Vega knows the commas of old in `rgb()`, and none without. */
function hex(colour: Colour): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

/** The colours, letters and lines of the page, as Vega-Lite's configuration. */
export function configOf(inks: Inks, categories: readonly string[], ramp: Ramp): Spec {
  const { ink, soft, line, sheet, accent, font } = inks
  const words = {
    labelColor: soft,
    titleColor: soft,
    labelFontSize: 11,
    titleFontSize: 11.5,
    titleFontWeight: 400,
  }
  const bold = { color: ink, fontSize: 12.5, fontWeight: 600, anchor: 'start' }
  const colours = ramp.map(hex)
  return {
    background: 'transparent',
    font,
    aria: false,
    padding: 2,
    view: { stroke: 'transparent', continuousHeight: 300, discreteHeight: { step: 26 } },
    axis: {
      ...words,
      gridColor: line,
      gridOpacity: NAMED_ONLY,
      domainColor: line,
      tickColor: line,
      labelLimit: 150,
      titleLimit: 400,
      titlePadding: 8,
      tickCount: { expr: 'clamp(ceil((width || 300) / 90), 3, 8)' },
    },
    axisY: { tickCount: 6 },
    axisXDiscrete: { labelAngle: -30 },
    axisDiscrete: { grid: false, ticks: false, labelPadding: 6 },
    legend: { ...words, orient: 'top', symbolStrokeWidth: 2, symbolOpacity: 1, labelLimit: 160 },
    title: bold,
    header: { ...words, labelColor: ink, labelFontWeight: 600 },
    mark: { color: accent },
    bar: { cornerRadiusEnd: 2, discreteBandSize: { band: 0.68 } },
    point: { filled: true, size: 64, stroke: sheet, strokeWidth: 1 },
    line: { strokeWidth: 2, strokeJoin: 'round' },
    rule: { color: ink, strokeWidth: 1.4 },
    text: { color: ink, fontSize: 11 },
    errorbar: { rule: { color: ink } },
    rect: { stroke: sheet, strokeWidth: 1 },
    range: { category: categories, ramp: colours, heatmap: colours, diverging: { scheme: 'blueorange' } },
  }
}

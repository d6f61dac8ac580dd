/** What a chart may not ask for is refused, and every kind of chart takes on the width of the page. */
import { readFileSync } from 'node:fs'
import { logger, None, parse } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import { expect, test } from 'vitest'
import { RAMPS } from '../../pictures/paper/ramp'
import { RunError } from '../../run/errors'
import { questionOf, type Spec } from '../../run/lab'
import { configOf, fitted, refuseHarm } from './spec'

const INKS = {
  ink: '#111111', soft: '#222222', line: '#333333', right: '#444444', wrong: '#555555', live: '#666666',
  quiet: '#777777', accent: '#888888', sheet: '#999999', font: 'Inter',
} // prettier-ignore
const BARS = {
  data: { values: [{ a: 1 }] },
  mark: 'bar',
  encoding: { x: { field: 'a', type: 'quantitative' } },
}

function charts(name: string): readonly Spec[] {
  const file = new URL(`../../../../fixtures/lab/answers/${name}.json`, import.meta.url)
  const { answers } = questionOf(JSON.parse(readFileSync(file, 'utf8')))
  return answers.flatMap((answer) => answer.charts.map(({ spec }) => spec))
}

test.each([...charts('latency'), ...charts('batch')])(
  'a chart of a lab is drawn in the colours of the page: %#',
  (spec) => {
    refuseHarm(spec)
    const config = configOf(INKS, ['#0000ff'], RAMPS.light)
    const compiled = compile({ ...fitted(spec, 600), config } as unknown as TopLevelSpec, {
      logger: logger(None),
    }).spec
    expect(compiled.width).toBe(600)
    expect(JSON.stringify(compiled)).toContain('#333333')
    expect(() => parse(compiled, undefined, { ast: true })).not.toThrow()
  },
)

test.each([
  { ...BARS, data: { url: 'https://example.org/rows.json' } },
  { ...BARS, data: { url: '/runs/0/zarr.json' } },
  { layer: [{ ...BARS, data: { url: 'data:,1' } }] },
  { ...BARS, mark: { type: 'image', url: 'https://example.org/pixel.png' } },
  { ...BARS, encoding: { ...BARS.encoding, href: { value: 'javascript:alert(1)' } } },
  { ...BARS, encoding: { url: { field: 'a' } } },
  { ...BARS, transform: [{ lookup: 'a', from: { data: { url: 'x.csv' }, key: 'a' } }] },
  { ...BARS, data: { sequence: { start: 0, stop: 1e9 } } },
  { ...BARS, data: { values: Array.from({ length: 200_001 }, () => 1) } },
  JSON.parse(`{"mark": ${'['.repeat(60)}${']'.repeat(60)}}`) as Spec,
])('what reaches out, or is too large, is refused: %#', (spec) => {
  expect(() => refuseHarm(spec)).toThrow(RunError)
})

test('rows may have columns of any name', () => {
  refuseHarm({ ...BARS, data: { values: [{ url: 'x', href: 'y' }] }, datasets: { one: [{ sequence: 1 }] } })
})

test('charts beside each other stand below each other on a phone', () => {
  const both = { hconcat: [BARS, BARS] }
  expect(fitted(both, 1000)['hconcat']).toMatchObject([{ width: 416 }, { width: 416 }])
  expect(fitted(both, 340)).toMatchObject({ vconcat: [{ width: 266 }, { width: 266 }] })
  expect(fitted(both, 340)).not.toHaveProperty('hconcat')
})

test('small charts of a facet take so many columns as there is room for', () => {
  const facets = { data: BARS.data, facet: { field: 'a' }, columns: 4, spec: { mark: 'bar', encoding: {} } }
  expect(fitted(facets, 1000)).toMatchObject({ columns: 4, spec: { width: 217 } })
  expect(fitted(facets, 340)).toMatchObject({ columns: 1, spec: { width: 266 } })
})

test.each([
  { ...BARS, width: 200 },
  { ...BARS, encoding: { row: { field: 'a' } } },
  { repeat: ['a'], spec: BARS },
])('what has a width of its own keeps it: %#', (spec) => expect(fitted(spec, 900)).toEqual(spec))

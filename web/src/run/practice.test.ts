/** Reports are read as they were written, and refused where no report is so. */
import { expect, test } from 'vitest'
import { plotOf } from '../page/practice/chart'
import { nextOrder, ordered, parseOrder, shown } from '../page/practice/words'
import { RunError } from './errors'
import { reportOf } from './practice'

const CHART = {
  kind: 'chart',
  x: { name: 'rate', log: true },
  y: { name: 'loss', log: false },
  series: [{ name: 'loss', x: [1e-4, 1e-3, 1e-2], y: [2, null, 4], low: [1, null, 3], high: [3, null, 5] }],
  notes: [{ x: 1e-3, text: 'here' }],
}

function report(...blocks: object[]): unknown {
  return { format: 1, name: 'look', title: 'Look', answer: 'Nothing.', blocks }
}

test('a chart is laid out with its gaps, its interval and its notes', () => {
  const [block] = reportOf(report(CHART)).blocks
  if (block?.kind !== 'chart') throw new Error('it is no chart')
  const plot = plotOf(block, 640)
  expect(plot.drawn[0]?.line.match(/[ML]/g)).toEqual(['M', 'M'])
  expect(plot.drawn[0]?.band).toMatch(/^M.*Z$/)
  expect(plot.ticksX.map(({ name }) => name)).toEqual(['1e-4', '0.001', '0.01'])
  expect(plot.notes[0]?.at).toBeCloseTo((plot.left + plot.right) / 2)
})

test.each([
  { format: 2, blocks: [] },
  report({ kind: 'script' }),
  report({ kind: 'table', columns: ['a'], rows: [[1, 2]], caption: '' }),
  report({ kind: 'table', columns: ['a'], rows: [[{}]], caption: '' }),
  report({ kind: 'matrix', rows: ['a'], columns: ['b'], values: [['1']] }),
  report({ kind: 'matrix', rows: ['a'], columns: ['b'], values: [] }),
  report({ kind: 'gallery', items: [{ png: 'PHN2Zz4=' }] }),
  report({ kind: 'gallery', items: [{ png: `iVBORw0KGgo${'A'.repeat(40)}` }] }), // no pixels at all
  report({ ...CHART, series: [{ name: '', x: [1], y: [1, 2] }] }),
  report({ ...CHART, series: [{ name: '', x: [1], y: [1], mark: 'pie' }] }),
  report({ kind: 'text', text: 'x'.repeat(20_001) }),
  report(...Array.from({ length: 101 }, () => ({ kind: 'text', text: '' }))),
])('what no report has is refused: %#', (content) => {
  expect(() => reportOf(content)).toThrow(RunError)
})

test('rows are ordered by a column, and those without a value come last', () => {
  const rows = [['b', 2], ['a', null], ['c', 10]] // prettier-ignore
  const by = (text: string) => {
    const order = parseOrder(text)
    return order ? ordered(rows, order).map(([name]) => name) : []
  }
  expect(by('-0.1')).toEqual(['c', 'b', 'a'])
  expect(by('0.1')).toEqual(['b', 'c', 'a'])
  expect(by('0.0')).toEqual(['a', 'b', 'c'])
  expect(nextOrder(null, 0, 1, true)).toBe('-0.1')
  expect(nextOrder(parseOrder('-0.1'), 0, 1, true)).toBe('0.1')
  expect(nextOrder(parseOrder('0.1'), 0, 1, true)).toBe('')
})

test('cells are told as a person reads them', () => {
  expect([null, true, 1234, 0.46423, 1e-5, 'x'].map(shown)).toEqual([
    '–',
    'yes',
    '1,234',
    '0.4642',
    '1e-5',
    'x',
  ])
})

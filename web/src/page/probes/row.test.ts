import { describe, expect, test } from 'vitest'
import { LARGEST, MINUS_INFINITY, NOT_A_NUMBER } from '../../run/codes'
import type { ProbeArray, Probes } from '../../run/manifest'
import { openFixture } from '../../testing/fixture'
import { PREDICTION_GAIN, ProbeRow } from './row'

function probesOf(...inputs: (Partial<ProbeArray> & { shape: readonly number[] })[]): Probes {
  const entries = inputs.map((input) => ({ name: 'x', dtype: 'float32', offset: 0, isImage: true, ...input }))
  return { count: 2, inputs: entries, outputs: [], embedding: null, labels: [], classes: [] }
}

/** The share of the scale that the value at a place is painted with. */
function shareAt(row: ProbeRow, input: number, place: number): number {
  const { gain, bias } = row.inputInk(input)
  return (row.codes[row.inputStart(input) + place] ?? NaN) * gain + bias
}

describe('the row of the probes', () => {
  test('has the inputs end to end, and the prediction behind them', () => {
    const row = new ProbeRow(
      probesOf({ shape: [2, 2] }, { shape: [2] }),
      [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 10)],
      3,
    )
    expect([row.inputStart(0), row.inputStart(1), row.prediction]).toEqual([0, 4, { start: 6, classes: 3 }])
    expect(row.codes).toHaveLength(9)
    expect(row.codes[5]).toBe(LARGEST)
  })

  test('has no input before it was read', () => {
    const row = new ProbeRow(probesOf({ shape: [2, 2] }), [], 0)
    expect([row.inputStart(0), row.inputKind(0), row.inputInk(0).gain, row.codes.length]).toEqual([
      -1,
      'values',
      NaN,
      0,
    ])
  })

  test('takes a prediction and leaves the row as it was', () => {
    const row = new ProbeRow(probesOf({ shape: [2] }), [Float32Array.of(1, 2)], 2)
    const codes = row.rowOf([0.25, 1])
    expect((codes[2] ?? 0) * PREDICTION_GAIN).toBeCloseTo(0.25, 4)
    expect((codes[3] ?? 0) * PREDICTION_GAIN).toBe(1)
    expect(codes.subarray(0, 2)).toEqual(row.codes.subarray(0, 2))
    expect([...row.codes.subarray(2)]).toEqual([0, 0])
    expect([...row.rowOf([]).subarray(2)]).toEqual([0, 0])
  })
})

describe('an input', () => {
  test('that is an image goes from its darkest value to its lightest, however it was normalised', () => {
    const values = Float32Array.of(-2, 0, 2, 1, -1, 0, 0, 0)
    const row = new ProbeRow(probesOf({ shape: [2, 1, 2, 2] }), [values], 0)
    expect([0, 1, 2].map((place) => Number(shareAt(row, 0, place).toFixed(3)))).toEqual([0, 0.5, 1])
  })

  test('that is no image is on a scale around zero', () => {
    const row = new ProbeRow(probesOf({ shape: [2, 2], isImage: false }), [Float32Array.of(-4, 2, 0, 4)], 0)
    expect(row.inputKind(0)).toBe('values')
    expect([0, 1, 2, 3].map((place) => Number(shareAt(row, 0, place).toFixed(3)))).toEqual([-1, 0.5, 0, 1])
  })

  test('of one value everywhere has an ink', () => {
    for (const values of [new Float32Array(8), new Float32Array(8).fill(3)]) {
      const row = new ProbeRow(probesOf({ shape: [2, 1, 2, 2] }), [values], 0)
      expect(shareAt(row, 0, 0)).toBeCloseTo(0, 6)
      const plain = new ProbeRow(probesOf({ shape: [2, 4], isImage: false }), [values], 0)
      expect(Number.isFinite(shareAt(plain, 0, 0))).toBe(true)
    }
  })

  test('keeps the marks of what is not finite, and heeds it not in its scale', () => {
    const values = Float32Array.of(NaN, -Infinity, 0, 1, 2, 2, 2, 2)
    const row = new ProbeRow(probesOf({ shape: [2, 1, 2, 2] }), [values], 0)
    expect([...row.codes.subarray(0, 2)]).toEqual([NOT_A_NUMBER, MINUS_INFINITY])
    expect(shareAt(row, 0, 4)).toBeCloseTo(1, 6)
    const nothing = new ProbeRow(probesOf({ shape: [2, 1, 2, 2] }), [values.fill(NaN)], 0)
    expect(Number.isFinite(nothing.inputInk(0).gain)).toBe(true)
  })

  test.each([
    ['colour', [2, 3, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['drawing', [2, 2, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['grey', [2, 1, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['grey', [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['drawing', [2, 1, 2, 2], [0, 0, 0, 0, 0, 0, 6, 7]],
    ['drawing', [2, 2, 2], [-1, -1, -0.98, -1, -1, -1, 1, 0]],
    ['grey', [2, 2, 2], [0, 0, 0, 0, 1, 2, 3, 4]],
  ] as const)('is looked at as %s with shape %j and values %j', (kind, shape, values) => {
    const row = new ProbeRow(probesOf({ shape }), [Float32Array.from(values)], 0)
    expect(row.inputKind(0)).toBe(kind)
  })

  test('of the fixture is an image in grey', async () => {
    const run = await openFixture('growing')
    const row = new ProbeRow(run.manifest.probes, await run.inputs(), 10)
    expect([row.inputKind(0), shareAt(row, 0, 0), row.prediction.start]).toEqual(['grey', 0, 128])
    expect(shareAt(row, 0, 127)).toBeCloseTo(1, 4)
  })
})

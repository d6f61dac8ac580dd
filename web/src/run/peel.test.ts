/** The programs beside a run: read as they were written, and refused where they contradict themselves. */
import { describe, expect, test } from 'vitest'
import { array, cut, json, manifest, type Damage } from '../testing/damages'
import { openFixture, type Json } from '../testing/fixture'
import { EXPECTED_PEEL, openPeel } from '../testing/peel'
import { RunError } from './errors'
import { readPeel, type Peel } from './peel'
import type { Run } from './run'

function peelOf(run: Run): Promise<Peel | null> {
  return readPeel(run.store, run.manifest.peel, run.frames.count, (name) => run.array(name))
}

async function read(damage?: Damage): Promise<{ peel: Peel; rows: Float32Array[] }> {
  const run = await openPeel(damage)
  const peel = await peelOf(run)
  if (!peel?.values) throw new Error('there is no peel, or it has no values')
  const rows = []
  for (let frame = 0; frame < run.frames.count; frame++) {
    const row = await peel.values.rows(frame, frame + 1)
    if (!(row instanceof Float32Array)) throw new Error('its values are no float32')
    rows.push(row)
  }
  return { peel, rows }
}

describe('the run with a peel', () => {
  test('has its programs, steps and arrays', async () => {
    const { peel } = await read()
    expect(peel.level).toBe(EXPECTED_PEEL.level)
    expect(peel.steps.map((s) => [s.op, s.path, s.part, s.variable, s.sentence, s.formula])).toEqual(
      EXPECTED_PEEL.steps,
    )
    expect(peel.programs.map((p) => [p.level, p.source])).toEqual(
      EXPECTED_PEEL.programs.map(([level, source]) => [level, source]),
    )
    for (const [i, [, , lines]] of EXPECTED_PEEL.programs.entries()) {
      const pairs = [...(peel.programs[i]?.steps ?? [])].flatMap(([line, steps]) =>
        steps.map((s) => [line, s]),
      )
      expect(pairs).toEqual(lines)
    }
    expect(peel.arrays.map((a) => [a.step, a.path, a.shape, a.strides, a.offset, a.count])).toEqual(
      EXPECTED_PEEL.arrays,
    )
  })

  test('has its values at every frame, and the scale of each array', async () => {
    const { peel, rows } = await read()
    expect(rows.map((row) => [...row].filter((_, i) => i % 97 === 0))).toEqual(EXPECTED_PEEL.values)
    for (const { offset, count, largest, usual } of peel.arrays) {
      const found = Math.max(
        ...rows.map((row) => Math.max(...row.subarray(offset, offset + count).map(Math.abs))),
      )
      expect(largest).toBe(found)
      expect(usual).toBeGreaterThan(0)
      expect(usual).toBeLessThanOrEqual(largest)
    }
  })

  test('whose values were left out keeps its programs', async () => {
    const run = await openPeel((files) => {
      for (const name of [...files.keys()]) if (name.startsWith('peel/values')) files.delete(name)
    })
    expect((await peelOf(run))?.programs.length).toBe(EXPECTED_PEEL.programs.length)
    expect((await peelOf(run))?.values).toBeNull()
  })
})

test('a run without one has none', async () => {
  const run = await openFixture('packed')
  expect(await peelOf(run)).toBeNull()
})

function peel(inside: string, values: Json): Damage {
  const place = ['attributes', 'peel', ...(inside ? [inside, '0'] : [])].join('.')
  return json('peel/zarr.json', place, (content) => Object.assign(content, values))
}

describe('a peel from a stranger', () => {
  test.each<[string, Damage, RegExp]>([
    ['no group', (files) => files.delete('peel/zarr.json'), /no peel\/zarr\.json/],
    ['a list', json('peel/zarr.json', 'attributes', (a) => (a['peel'] = [])), /peel is \[\]/],
    ['no level of its own', manifest('peel', { level: 'assembler' }), /of the level 'assembler'/],
    ['other levels', manifest('peel', { levels: ['numpy'] }), /has other levels than/],
    ['a million levels', manifest('peel', { levels: Array(1e5).fill('numpy') }), /has 100000 levels/],
    ['an endless program', peel('programs', { source: 'x'.repeat(10 ** 6) }), /1000000 letters/],
    ['a program that is a number', peel('programs', { source: 3 }), /source is 3/],
    ['a line after the last', peel('programs', { lines: [10 ** 9, 0] }), /line 1000000000 of line/],
    ['half a line', peel('programs', { lines: [1] }), /are cut short/],
    ['a line of no step', peel('programs', { lines: [1, 99] }), /is of step 99/],
    ['a step of no part', peel('steps', { part: '<script>' }), /belongs to '<script>'/],
    ['an endless formula', peel('steps', { formula: '{'.repeat(10 ** 6) }), /formula of a step/],
    ['an array of no step', peel('arrays', { step: 99 }), /is of step 99/],
    ['an array beyond the row', peel('arrays', { offset: 2 ** 50 }), /values at 1125899906842624/],
    ['an array of another size', peel('arrays', { size: 1 }), /has 1 values at 0/],
    ['an array of nothing', peel('arrays', { shape: [0, 3], size: 0 }), /has 0 values at 0/],
    ['an array that goes nowhere', peel('arrays', { strides: [0, 0] }), /strides \[0, 0\]/],
    [
      'scales that are texts',
      peel('', { scales: { usual: ['1'], largest: [] } }),
      /a list of finite numbers/,
    ],
    ['values of another length', array('peel/values', { shape: [10 ** 6, 446] }), /has 20 frames/],
    ['cut values', cut('peel/values/c.0.0'), /peel\/values/],
  ])('with %s is refused', async (_, damage, place) => {
    const refused = await read(damage).then(
      () => null,
      (error: unknown) => error,
    )
    if (!(refused instanceof RunError)) throw new Error(`it was not refused, but: ${String(refused)}`)
    expect(refused.what).toMatch(place)
    expect(refused.fix).not.toBe('')
  })
})

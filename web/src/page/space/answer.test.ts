/** What the maps of a real run amount to: its answers, and where they turn. */
import { beforeAll, describe, expect, test } from 'vitest'
import { contourOf, shadeField, shadeRegions, washOf } from '../../pictures/space'
import { PALETTES } from '../../pictures/paper/palette'
import type { Manifest } from '../../run/manifest'
import type { Run } from '../../run/run'
import { valuesOfMap, type Space, type SpaceRow } from '../../run/space'
import { openSpace } from '../../testing/space'
import { bestOf } from '../probes/answers'
import { nameOf, read, readingOf, unitOf } from './answer'
import { changeLimits, mapLimits } from './limits'
import { fieldOf, marks, pointsOf } from './plane'

let run: Run
let space: Space
let row: SpaceRow

beforeAll(async () => {
  run = await openSpace()
  if (!run.manifest.space) throw new Error('the fixture has no space')
  space = run.manifest.space
  const last = await run.frame(run.frames.count - 1, ['space'])
  if (!last.space) throw new Error('the last frame has no maps')
  row = last.space
})

/** The manifest of a model with one output, fed by a node of this type. */
function withOneOutput(type: string, labels: readonly number[]): Manifest {
  const { manifest } = run
  const layers = space.layers.map((layer) =>
    layer.isOutput ? { ...layer, units: 1, chosen: [0], node: 'output' } : layer,
  )
  const probes = {
    ...manifest.probes,
    labels,
    outputs: [
      { name: 'output', shape: [manifest.probes.count, 1], dtype: 'float32', offset: 0, isImage: false },
    ],
  }
  const nodes = manifest.graph.nodes.map((node) => (node.id === '2' ? { ...node, type } : node))
  return { ...manifest, probes, graph: { ...manifest.graph, nodes }, space: { ...space, layers } }
}

describe('how outputs are read', () => {
  test('a classifier by the largest score', () => {
    expect(readingOf(run.manifest)).toMatchObject({ kind: 'classes', classes: 2 })
  })

  test('one output by its sign, or a half behind a sigmoid, or as a plain value', () => {
    const labels = Array.from({ length: run.manifest.probes.count }, (_, i) => i % 2)
    expect(readingOf(withOneOutput('Linear', labels))).toMatchObject({ kind: 'halves', threshold: 0 })
    expect(readingOf(withOneOutput('Sigmoid', labels))).toMatchObject({ kind: 'halves', threshold: 0.5 })
    expect(readingOf(withOneOutput('Linear', []))).toBeNull()
  })

  test('not where only some of the classes are kept', () => {
    const layers = space.layers.map((layer) => (layer.isOutput ? { ...layer, units: 100 } : layer))
    expect(readingOf({ ...run.manifest, space: { ...space, layers } })).toBeNull()
  })

  test('at every place as at the scores there', () => {
    const reading = readingOf(run.manifest)
    if (!reading) throw new Error('no reading')
    const found = read(reading, row)
    const scores = reading.layer.chosen.map(
      (_, i) => valuesOfMap(row, reading.layer, i) ?? new Float32Array(),
    )
    for (let at = 0; at < space.side ** 2; at += 113) {
      const here = Float32Array.from(scores, (score) => score[at] ?? NaN)
      expect(found?.best[at]).toBe(bestOf(here))
      const shares = here.map((score) => Math.exp(score - Math.max(...here)))
      const top = Math.max(...shares) / shares.reduce((a, b) => a + b)
      expect(found?.sureness[at]).toBeCloseTo(2 * top - 1, 5)
    }
    // Four clouds, two classes, crosswise: it has learned to part them by lines.
    expect(found?.contours[0]?.length).toBeGreaterThan(100)
  })
})

describe('a contour', () => {
  test('lies where the value is 0', () => {
    const side = 9
    const values = Float32Array.from({ length: side * side }, (_, i) => (i % side) - 3.25)
    const contour = contourOf(values, side)
    expect(contour.length).toBe(4 * (side - 1))
    for (let i = 0; i < contour.length; i += 2) expect(contour[i]).toBeCloseTo(3.25)
  })

  test('passes by what is not a number, and is not there where nothing turns', () => {
    expect(contourOf([NaN, 1, -1, 1], 2)).toHaveLength(0)
    expect(contourOf([1, 1, 2, 1], 2)).toHaveLength(0)
    expect(contourOf([1, -1, 1, -1], 2)).toHaveLength(4)
    expect(contourOf([1, -1, -1, 1], 2)).toHaveLength(8)
  })
})

describe('shading', () => {
  const palette = PALETTES.light
  const wash = washOf(palette)

  test('a map upwards: its first row is the lowest', () => {
    const pixels = new Uint8ClampedArray(16)
    shadeField({ codes: [100, 0, 0, -100], gain: 0.01, base: null }, 2, wash, palette, pixels)
    expect([...pixels.subarray(8, 11)]).toEqual(palette.positive)
    expect([...pixels.subarray(4, 7)]).toEqual(palette.negative)
    expect([...pixels.subarray(0, 3)]).toEqual(palette.zero)
  })

  test('a change, an onion skin, and what is not finite', () => {
    const pixels = new Uint8ClampedArray(16)
    const codes = [100, 100, 32767, -32768]
    shadeField({ codes, gain: 0.01, base: { codes, gain: 0.01, veil: 0 } }, 2, wash, palette, pixels)
    expect([...pixels.subarray(8, 11)]).toEqual(palette.zero)
    expect([...pixels.subarray(0, 3)]).toEqual(palette.mark)
    shadeField(
      { codes, gain: 0.01, base: { codes: [0, 0, 0, 0], gain: 1, veil: 0.5 } },
      2,
      wash,
      palette,
      pixels,
    )
    const half = palette.positive.map((end, i) => Math.round((end + (palette.zero[i] ?? 0)) / 2))
    expect(Math.abs((pixels[8] ?? 0) - (half[0] ?? 0))).toBeLessThan(2)
  })

  test('regions: the paler the less sure, and of a change only what is read otherwise', () => {
    const pixels = new Uint8ClampedArray(16)
    const now = { best: Int16Array.of(0, 1, 1, -1), sureness: Float32Array.of(1, 1, 0.1, 0) }
    const before = { best: Int16Array.of(0, 0, 1, 1), sureness: Float32Array.of(1, 1, 1, 1) }
    shadeRegions(
      now,
      null,
      2,
      [
        [0, 0, 0],
        [255, 0, 0],
      ],
      palette,
      pixels,
    )
    expect(pixels[8]).toBeLessThan(90)
    expect(pixels[1]).toBeGreaterThan(200)
    expect([...pixels.subarray(4, 7)]).toEqual(palette.mark)
    shadeRegions(
      now,
      before,
      2,
      [
        [0, 0, 0],
        [255, 0, 0],
      ],
      palette,
      pixels,
    )
    expect([...pixels.subarray(8, 11)]).toEqual(palette.zero)
    expect(pixels[13]).toBeLessThan(90)
  })
})

describe('what stands on the plane', () => {
  test('one scale a map for the whole run', async () => {
    const limits = await mapLimits(run)
    expect(limits).toHaveLength(space.maps)
    const [hidden] = space.layers
    expect(hidden && limits.slice(0, hidden.chosen.length).every((limit) => limit > 0.4 && limit <= 1)).toBe(
      true,
    )
    const changes = await changeLimits(run, 'start')
    expect(changes.every((limit) => limit > 0)).toBe(true)
  })

  test('a field is inked on its scale', () => {
    const [layer] = space.layers
    if (!layer) throw new Error('no layer')
    const field = fieldOf({ layer, index: 1 }, { row, base: row, look: 'start' }, 2)
    expect(field?.gain).toBe((row.scales[1] ?? NaN) / 2)
    expect(field?.base).toMatchObject({ gain: field?.gain, veil: 0 })
  })

  test('points, hollow where they are read as another', async () => {
    const [inputs] = await run.inputs()
    const { probes } = run.manifest
    const points = pointsOf(space, probes, inputs, probes.labels.with(3, 0), 5, 'light', 'black')
    expect(points.filter(({ isWrong }) => isWrong)).toHaveLength(1)
    expect(points[5]?.isChosen).toBe(true)
    expect(points.every(({ x, y }) => x > 0 && x < 1 && y > 0 && y < 1)).toBe(true)
    expect(pointsOf(space, probes, undefined, [], 0, 'light', 'black')).toEqual([])
  })

  test('marks on round numbers', () => {
    expect(marks(-3.3, 3.1, 6)).toEqual([-2, 0, 2])
    expect(marks(0.01, 0.06, 5)).toEqual([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
  })
})

test('a unit is found again by its name', () => {
  for (const layer of space.layers) {
    const unit = { layer, index: layer.chosen.length - 1 }
    expect(unitOf(space, nameOf(unit))).toEqual(unit)
  }
  for (const name of ['', '1', '/', '1/', '1/99', 'x/0', '1/-1', '1/NaN'])
    expect(unitOf(space, name)).toBeNull()
})

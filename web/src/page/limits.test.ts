import { beforeAll, describe, expect, test } from 'vitest'
import { decode, LARGEST } from '../run/codes'
import { ROLES, type TensorEntry } from '../run/manifest'
import { codesIn, Run, type Frame } from '../run/run'
import { MemoryStore } from '../run/store'
import { edit, FRAMES, openFixture, type Json } from '../testing/fixture'
import { grown, turnInto } from '../testing/growth'
import { inkOf, NO_INK } from './inking'
import { changeLimitsOf, limitsOf, NO_LIMITS } from './limits'

let run: Run
let frames: readonly Frame[]

beforeAll(async () => {
  run = await openFixture('packed')
  frames = await Promise.all(Array.from({ length: FRAMES }, (_, index) => run.frame(index, ROLES)))
})

function tensor(key: string): TensorEntry {
  const found = run.manifest.tensors.find((candidate) => candidate.key === key)
  if (!found) throw new Error(`the fixture has no ${key}`)
  return found
}

function frame(index: number): Frame {
  const found = frames[index]
  if (!found) throw new Error(`the fixture has no frame ${index}`)
  return found
}

/** The finite values of a tensor in a frame. */
function valuesOf(entry: TensorEntry, index: number): number[] {
  const codes = codesIn(frame(index), entry, run) ?? new Int16Array()
  return [...decode(codes, run.statistics.at(index, entry.index, 'scale'))]
}

describe('the scales of a run', () => {
  test('hold the values of the usual frames', () => {
    const { values } = limitsOf(run, NO_LIMITS, false)
    expect(values).toHaveLength(run.manifest.tensors.length)
    for (const entry of run.manifest.tensors.filter(({ count }) => count > 1)) {
      const largest = frames.map((_, i) =>
        Math.max(...valuesOf(entry, i).filter(Number.isFinite).map(Math.abs)),
      )
      const end = values[entry.index] ?? 0
      expect(end).toBeGreaterThanOrEqual(0.99 * Math.max(...largest)) // nothing spikes in the fixture
      expect(end).toBeLessThanOrEqual(1.4 * Math.max(...largest))
    }
  })

  test('of a tensor without values are nothing', () => {
    expect(limitsOf(run, NO_LIMITS, false).values[tensor('weight/nothing').index]).toBe(0)
  })

  test('may widen and never narrow while the run grows, and are what any later look gives when it has ended', async () => {
    const store = new MemoryStore(grown(1))
    const growing = await Run.open(store)
    let limits = limitsOf(growing, NO_LIMITS, true)
    for (let count = 2; count <= FRAMES; count++) {
      turnInto(store.files, grown(count))
      await growing.refresh()
      const next = limitsOf(growing, limits, true)
      next.values.forEach((value, i) => {
        expect(value).toBeGreaterThanOrEqual(limits.values[i] ?? 0)
      })
      limits = next
    }
    const wide = { values: limits.values.map(() => 1e9), frames: 1 }
    expect(limitsOf(growing, wide, true)).toEqual({ ...wide, frames: FRAMES })
    expect(limitsOf(growing, { values: limits.values.map(() => 1e9), frames: FRAMES }, false)).toEqual(
      limitsOf(run, NO_LIMITS, false),
    )
  })

  test('stay as they are until there is something to tell', () => {
    const known = { values: run.manifest.tensors.map(() => 1e9), frames: FRAMES - 0.5 }
    expect(limitsOf(run, known, true)).toBe(known)
    const joined = { ...known, values: known.values.slice(1) }
    expect(limitsOf(run, joined, true).values).toHaveLength(known.values.length)
  })
})

describe('the scales of the change since the start', () => {
  test('hold every change in the frames that they are taken from', () => {
    const others = [frame(5), frame(19)]
    const limits = changeLimitsOf(
      run,
      others.map((other) => ({ base: frame(0), frame: other })),
    )
    for (const key of ['weight/conv.weight', 'weight/fc.bias', 'activation/conv']) {
      const entry = tensor(key)
      const before = valuesOf(entry, 0)
      const changes = others.map(({ index }) =>
        valuesOf(entry, index).map((v, i) => Math.abs(v - (before[i] ?? 0))),
      )
      const largest = Math.max(...changes.flat())
      expect(limits[entry.index]).toBeGreaterThanOrEqual(0.999 * largest)
      expect(limits[entry.index]).toBeLessThanOrEqual(1.4 * largest)
    }
  })

  test('are nothing where nothing can be compared, and heed no value that is not finite', () => {
    expect(
      changeLimitsOf(run, [{ base: frame(0), frame: frame(5) }])[tensor('gradient/conv.weight').index],
    ).toBe(0)
    const [end = 0] = [
      changeLimitsOf(run, [{ base: frame(5), frame: frame(3) }])[tensor('gradient/conv.weight').index],
    ]
    expect(end).toBeGreaterThan(0)
    expect(end).toBeLessThan(1e3)
  })
})

describe('the ink of a picture', () => {
  test('makes of the largest code its share of the scale', () => {
    const entry = tensor('weight/fc.weight')
    const scale = run.statistics.at(4, entry.index, 'scale')
    const ink = inkOf(entry, { frame: frame(4), base: null }, run, 2 * LARGEST * scale)
    expect(ink.gain * LARGEST).toBeCloseTo(0.5, 6)
    expect(ink).toMatchObject({ bias: 0, baseGain: NaN })
  })

  test('of a change has a gain for each of the two frames', () => {
    const entry = tensor('weight/fc.weight')
    const ink = inkOf(entry, { frame: frame(4), base: frame(0) }, run, 2)
    const [now, before] = [4, 0].map((index) => run.statistics.at(index, entry.index, 'scale') / 2)
    expect([ink.gain, ink.baseGain]).toEqual([now, before])
  })

  test('is none where the frame has no picture, or the one it is compared with', () => {
    const entry = tensor('gradient/fc.weight')
    expect(inkOf(entry, { frame: frame(0), base: null }, run, 1).gain).toBeNaN()
    expect(inkOf(entry, { frame: frame(4), base: frame(0) }, run, 1)).toBe(NO_INK)
    expect(inkOf(entry, { frame: { ...frame(4), codes: {} }, base: null }, run, 1).gain).toBeNaN()
  })

  test('is the colour of zero where nothing is known of the scale', () => {
    expect(inkOf(tensor('weight/fc.weight'), { frame: frame(4), base: null }, run, 0).gain).toBe(0)
  })

  test('is none of a tensor that a stranger put behind the end of the row', async () => {
    const files = grown(3)
    edit(files, 'zarr.json', (content) => {
      const manifest = (content['attributes'] as Json)['onionskin'] as Json
      ;(manifest['tensors'] as Json[])[0] = { ...(manifest['tensors'] as Json[])[0], offset: 4040 }
    })
    const strange = await Run.open(new MemoryStore(files))
    const [entry] = strange.manifest.tensors
    const shown = { frame: await strange.frame(2, ROLES), base: null }
    expect(entry && inkOf(entry, shown, strange, 1).gain).toBeNaN()
  })
})

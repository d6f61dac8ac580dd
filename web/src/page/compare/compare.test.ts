import { describe, expect, test } from 'vitest'
import type { TensorEntry } from '../../run/manifest'
import { openFixture } from '../../testing/fixture'
import { limitsOf, NO_LIMITS } from '../limits'
import { courseAlong, sharedScalars } from './curves'
import { factsOf } from './facts'
import { differentProbes, laterBy } from './learned'
import { lineOf, MOST_RUNS } from './lines'
import { comparedOf, differenceLimit, mismatch, sharedLimit, tensorOf } from './tensors'

const RUN = await openFixture('packed')
const OTHER = await openFixture('growing')
const CONV = tensorOf(RUN.manifest, 'weight/conv.weight') as TensorEntry

describe('the tensor that is compared', () => {
  test('is the chosen one, else the first matrix that all runs have', () => {
    expect(comparedOf(RUN.manifest, [OTHER.manifest], '', '')?.key).toBe('weight/conv.weight')
    const owner = RUN.manifest.graph.nodes.find(({ tensors }) => tensors.length > 0)
    const chosen = `weight/${owner?.tensors[0] ?? ''}`
    expect(comparedOf(RUN.manifest, [OTHER.manifest], owner?.id ?? '', chosen)?.key).toBe(chosen)
    const without = {
      ...OTHER.manifest,
      tensors: OTHER.manifest.tensors.filter(({ name }) => name !== 'conv.weight'),
    }
    expect(comparedOf(RUN.manifest, [without], '', '')?.key).toBe('weight/fc.weight')
    expect(comparedOf(RUN.manifest, [{ ...without, tensors: [] }], '', '')?.key).toBe('weight/conv.weight')
  })

  test('has one scale for all runs: the widest', () => {
    const limits = limitsOf(RUN, NO_LIMITS, false)
    const wider = { ...limits, values: limits.values.map((limit) => 3 * limit) }
    const runs = [limits, wider].map((each) => ({ manifest: RUN.manifest, limits: each }))
    expect(sharedLimit('weight/conv.weight', runs)).toBe(wider.values[CONV.index])
    expect(sharedLimit('weight/nothing like it', runs)).toBe(0)
  })

  test('is subtracted only from one of the same shape and kept values', () => {
    expect(mismatch(CONV, CONV)).toBe('')
    expect(mismatch(CONV, undefined)).toContain('no tensor of this name')
    expect(mismatch(CONV, { ...CONV, shape: [8, 1, 3, 3] })).toContain('4 × 1 × 3 × 3 and 8 × 1 × 3 × 3')
    expect(mismatch(CONV, { ...CONV, strides: [2, 1, 1, 1] })).toContain('other values')
  })

  test('differs from itself by nothing, and from another frame by the largest change', async () => {
    const sight = async (frame: number) => ({
      run: RUN,
      tensor: CONV,
      frame: await RUN.frame(frame, ['weight']),
    })
    expect(differenceLimit([[await sight(2), await sight(2)]])).toBe(0)
    expect(differenceLimit([[await sight(0), await sight(5)]])).toBeGreaterThan(0)
  })
})

describe('what differs', () => {
  test('is told apart from what is the same', () => {
    const { different, same } = factsOf([RUN, OTHER])
    expect(same.find(({ name }) => name === 'model')?.values).toEqual(['Small', 'Small'])
    expect(different.find(({ name }) => name === 'ended')?.values).toEqual(['finished', 'not closed'])
    expect(factsOf([RUN, RUN]).different).toEqual([])
  })
})

describe('curves over each other', () => {
  test('are those that two runs have', () => {
    expect(sharedScalars([RUN, OTHER])).toContain('loss')
    expect(sharedScalars([RUN])).toEqual([])
  })

  test('run along the steps from the first value to the last', () => {
    const { at, values } = courseAlong(RUN, 'loss', 'step')
    const column = RUN.scalars.column('loss')
    expect(at.length).toBe(values.length)
    expect(at[at.length - 1]).toBe(RUN.scalars.steps - 1)
    expect(values[0]).toBe(column[at[0] ?? 0])
    expect(values[values.length - 1]).toBeCloseTo(column.at(-1) ?? NaN, 12)
  })
})

describe('probes side by side', () => {
  test('are the same inputs with the same labels', async () => {
    const [one, other] = [
      { run: RUN, inputs: await RUN.inputs() },
      { run: OTHER, inputs: await OTHER.inputs() },
    ]
    expect(differentProbes(one, other)).toBe('')
    const changed = one.inputs.map((values) => values.slice().fill(9))
    expect(differentProbes(one, { ...other, inputs: changed })).toBe('its probes are other inputs')
  })

  test('are learned later, earlier, or not at all', () => {
    expect(laterBy(20, 25)).toBe('5 steps later')
    expect(laterBy(25, 24)).toBe('1 step earlier')
    expect(laterBy(25, 25)).toBe('at the same step')
    expect(laterBy(25, Infinity)).toBe('not learned here')
    expect(laterBy(Infinity, 3)).toBe('learned only here')
    expect(laterBy(Infinity, Infinity)).toBe('')
  })
})

test('no two runs have one colour or one pattern of dashes', () => {
  for (const theme of ['light', 'dark'] as const) {
    const lines = Array.from({ length: MOST_RUNS }, (_, place) => lineOf(place, theme))
    expect(new Set(lines.map(({ colour }) => colour)).size).toBe(MOST_RUNS)
    expect(new Set(lines.map(({ dash }) => dash.join())).size).toBe(MOST_RUNS)
  }
})

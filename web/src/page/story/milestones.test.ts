import { beforeAll, describe, expect, test } from 'vitest'
import { Run } from '../../run/run'
import { at, edit, FRAMES, memoryOf, openFixture } from '../../testing/fixture'
import { Told } from '../../testing/told'
import { milestonesOf, type MilestoneKind } from './milestones'

let run: Run

beforeAll(async () => {
  run = await openFixture('packed')
})

function of(kind: MilestoneKind, of: Run, history: Told | null = null) {
  return milestonesOf(of, history).filter((milestone) => milestone.kind === kind)
}

describe('what was learned', () => {
  test('is told for each class when its last probe stays right, and which was the last', () => {
    const history = new Told(
      [3, 3, 7],
      [
        [0, 3, 0],
        [0, 3, 7],
        [3, 3, 0],
        [3, 3, 7],
      ],
    )
    const told = of('learned', run, history).map(({ frame, step, probe, sentence }) => [
      frame,
      step === run.frames.step(frame),
      probe,
      sentence,
    ])
    expect(told).toEqual([
      [2, true, 0, 'from here on it reads 3 right'],
      [3, true, 2, 'from here on it reads 7 right: the last one'],
    ])
  })

  test('is not told of what was right from the start, nor of what is wrong in the end', () => {
    const history = new Told(
      [1, 2],
      [
        [1, 0],
        [1, 2],
        [1, 0],
      ],
    )
    expect(of('learned', run, history)).toEqual([])
    const [forgotten] = of('forgotten', run, history)
    expect(forgotten).toMatchObject({
      frame: 2,
      probe: 1,
      sentence: expect.stringContaining('a 2') as string,
    })
  })

  test('needs labels', () => {
    expect(of('learned', run, new Told([], [[0], [1]]))).toEqual([])
  })
})

describe('a layer', () => {
  /** The fixture with other update ratios of one layer: a number for each of 40 frames. */
  function moving(ratio: (frame: number) => number): Run {
    const { tensors } = run.manifest
    const weight = tensors.findIndex(({ key }) => key === 'weight/conv.weight')
    const statistics = {
      count: 40,
      at: (frame: number, tensor: number) => (tensor === weight ? ratio(frame) : NaN),
    }
    const frames = { count: 40, step: (frame: number) => 10 * frame, nearest: () => 0 }
    return Object.create(run, { statistics: { value: statistics }, frames: { value: frames } }) as Run
  }

  test('comes to rest where its updates stay small for good', () => {
    const told = of(
      'layer',
      moving((frame) => (frame === 12 ? 0.02 : frame < 8 ? 0.01 : 0.0005)),
    )
    expect(told).toMatchObject([{ frame: 13, step: 130, tensor: 'weight/conv.weight' }])
  })

  test.each([
    ['moves to the end', () => 0.01],
    ['never moved', () => 0],
    ['is not known', () => NaN],
    ['stops just before the end', (frame: number) => (frame < 38 ? 0.01 : 0)],
  ])('that %s is not told of', (_, ratio) => {
    expect(of('layer', moving(ratio))).toEqual([])
  })
})

test('health notes stand at their frame, and where that is not there at the nearest step', async () => {
  const store = memoryOf('packed', (files) => {
    edit(files, 'status/zarr.json', (content) => {
      const note = { check: 'nan', step: 6, tensor: 'weight/conv.weight', value: 1 }
      at(content, 'attributes.status')['health'] = [
        { ...note, frame: 3, sentence: 'at its frame' },
        { ...note, frame: 999, sentence: 'elsewhere' },
      ]
    })
  })
  const told = of('health', await Run.open(store))
  expect(told.map(({ sentence, frame }) => [sentence, frame]).sort()).toEqual([
    ['at its frame', 3],
    ['elsewhere', run.frames.nearest(6)],
  ])
})

test('they come in the order of time, and each at a frame of the run', () => {
  const found = milestonesOf(run, null)
  const frames = found.map(({ frame }) => frame)
  expect(frames).toEqual([...frames].sort((a, b) => a - b))
  expect(frames.every((frame) => frame >= 0 && frame < FRAMES)).toBe(true)
})

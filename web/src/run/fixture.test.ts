/** The fixture stands for the runs that people have: every number of it is read as it was written, in either state. */
import { beforeAll, describe, expect, test } from 'vitest'
import { EXPECTED, FRAMES, openFixture, plain, STATES } from '../testing/fixture'
import { decode } from './codes'
import { ROLES, STATISTICS, type Role } from './manifest'
import { codesIn, partOf, type Run } from './run'

describe.each(STATES)('the fixture, %s', (state) => {
  let run: Run
  const frames = Array.from({ length: FRAMES }, (_, frame) => frame)

  beforeAll(async () => {
    run = await openFixture(state)
  })

  test('has the frames that were recorded', () => {
    expect(run.frames.count).toBe(FRAMES)
    const found = frames.map((frame) => [run.frames.step(frame), run.frames.time(frame)])
    expect(found).toEqual(EXPECTED.frames.map(([step, time]) => [step, time]))
  })

  test('has every scalar at every step', () => {
    expect(run.scalars.names).toEqual(Object.keys(EXPECTED.scalars))
    for (const [name, values] of Object.entries(EXPECTED.scalars)) {
      expect(plain(run.scalars.column(name))).toEqual(values)
    }
  })

  test('has every statistic of every tensor at every frame', () => {
    const found = frames.map((frame) =>
      run.manifest.tensors.map(({ index }) =>
        plain(STATISTICS.map((name) => run.statistics.at(frame, index, name))),
      ),
    )
    expect(found).toEqual(EXPECTED.statistics)
  })

  test('keeps of each tensor the sub-grid that was kept', () => {
    expect(Object.fromEntries(run.manifest.tensors.map((tensor) => [tensor.key, tensor.kept]))).toEqual(
      EXPECTED.kept,
    )
  })

  test('has every picture of every tensor, and none where there was none', async () => {
    const found: Record<string, unknown[]> = Object.fromEntries(run.manifest.tensors.map((t) => [t.key, []]))
    for (const index of frames) {
      const frame = await run.frame(index, ROLES)
      for (const tensor of run.manifest.tensors) {
        const codes = codesIn(frame, tensor, run)
        const scale = run.statistics.at(index, tensor.index, 'scale')
        found[tensor.key]?.push(codes && plain(decode(codes.subarray(0, 40), scale)))
      }
    }
    expect(found).toEqual(EXPECTED.pictures)
  })

  test('has the inputs of the probes, once', async () => {
    expect((await run.inputs()).map(plain)).toEqual(EXPECTED.inputs)
  })

  test('has what the model said of the probes at every frame', async () => {
    const found = []
    for (const index of frames) {
      const { outputs } = await run.frame(index, [])
      found.push(run.manifest.probes.outputs.map((part) => outputs && plain(partOf(outputs, part))))
    }
    expect(found).toEqual(EXPECTED.outputs)
  })

  test('has the embedding of the probes at every frame', async () => {
    const found = await Promise.all(frames.map(async (frame) => plain((await run.embedding(frame)) ?? [])))
    expect(found).toEqual(EXPECTED.embedding)
  })

  test('has the exact weights at every frame, with their shapes', async () => {
    const states = await Promise.all(frames.map((frame) => run.exact(frame)))
    const found = states.map((exact) =>
      Object.fromEntries([...exact].map(([name, { values }]) => [name, plain(values)])),
    )
    expect(found).toEqual(EXPECTED.exact)
    expect([...(states[0] ?? [])].map(([name, { shape }]) => [name, shape])).toEqual([
      ['fc.bias', [10]],
      ['gain', []],
      ['steps', []],
    ])
  })

  test('reads one frame and all of them to the same bytes', async () => {
    const alone = await openFixture(state)
    for (const index of [FRAMES - 1, 7, 0]) {
      expect((await alone.frame(index, ROLES)).codes).toEqual((await run.frame(index, ROLES)).codes)
    }
  })

  test('says what it is', () => {
    expect(run.manifest.title).toBe('small')
    expect(run.manifest.model).toEqual({ type: 'Small', parameters: 8047, trainable: 8047 })
    expect(run.manifest.budget).toEqual({ asked: 0.02, every: null })
    expect(run.manifest.probes.labels).toEqual([3, 7])
    expect(run.manifest.graph.edges).toContainEqual({ source: 'conv', target: 'head.fc' })
    expect(run.status.state).toBe(state === 'packed' ? 'closed' : 'growing')
    expect(run.status.dropped).toEqual([{ why: 'over the budget', count: 2, first: 4, last: 8 }])
    expect(run.status.health[0]?.sentence).toBe('conv has not moved since step 6.')
    expect(run.status.overheadShare).toBeCloseTo(0.0175, 10)
  })

  test('was killed or finished: nobody writes it now', () => {
    expect(run.isGrowing(Date.now() / 1000)).toBe(false)
    expect(run.isGrowing(run.status.updated + 1)).toBe(state === 'growing')
    expect(run.isGrowing(run.status.updated + 11)).toBe(false)
  })

  test('has no array of a role that it did not record', async () => {
    const roles: Role[] = ['optimizer']
    expect((await run.frame(3, roles)).codes).toEqual({})
  })

  test('refuses a frame that is not there, and says how many there are', async () => {
    await expect(run.frame(FRAMES, ['weight'])).rejects.toMatchObject({ what: `there is no frame ${FRAMES}` })
    await expect(run.embedding(-1)).rejects.toMatchObject({
      fix: expect.stringContaining('20 frames') as string,
    })
    expect(() => run.frameNow(NaN, [])).toThrow('there is no frame NaN')
  })
})

import { expect, test } from 'vitest'
import { Run } from '../../run/run'
import { MemoryStore } from '../../run/store'
import { EXPECTED, filesOf, FRAMES, openFixture } from '../../testing/fixture'
import { grown, turnInto } from '../../testing/growth'
import { Embeddings } from './embeddings'
import { project } from './projection'

function embeddingsOf(run: Run): Embeddings {
  const { embedding, count } = run.manifest.probes
  if (!embedding) throw new Error('the fixture has no embedding')
  return new Embeddings(embedding, count)
}

/** Where every probe stands in a frame. */
function places(embeddings: Embeddings, frame: number): number[] {
  return [0, 1].flatMap((probe) => [...embeddings.at(frame, probe)])
}

test('every frame is seen under one plane', async () => {
  const run = await openFixture('packed')
  const embeddings = embeddingsOf(run)
  await embeddings.grow(run, false)
  const { projection, count } = embeddings
  if (!projection) throw new Error('there is no plane')
  expect(count).toBe(FRAMES)
  for (const frame of [0, 5, FRAMES - 1]) {
    const values = (EXPECTED.embedding[frame] ?? []).map(Number)
    const width = values.length / 2
    const wanted = [0, 1].flatMap((probe) => [
      ...project(projection, Float32Array.from(values.slice(probe * width, (probe + 1) * width))),
    ])
    places(embeddings, frame).forEach((found, i) => {
      expect(found).toBeCloseTo(wanted[i] ?? NaN, 4)
    })
  }
  expect(places(embeddings, FRAMES).every(Number.isNaN)).toBe(true)
})

test('a way is where a probe stood, frame by frame', async () => {
  const run = await openFixture('packed')
  const embeddings = embeddingsOf(run)
  await embeddings.grow(run, false)
  const way = embeddings.way(2, 4, 1)
  expect([...way]).toEqual([2, 3, 4].flatMap((frame) => [...embeddings.at(frame, 1)]))
})

test('while the run grows the plane stays, until it has twice the frames', async () => {
  const files = grown(4)
  const run = await Run.open(new MemoryStore(files))
  const embeddings = embeddingsOf(run)
  await embeddings.grow(run, true)
  const { projection, bounds } = embeddings
  const before = places(embeddings, 3)
  turnInto(files, grown(6))
  await run.refresh()
  await embeddings.grow(run, true)
  expect([embeddings.count, embeddings.projection, embeddings.bounds]).toEqual([6, projection, bounds])
  expect(places(embeddings, 3)).toEqual(before)
  expect(places(embeddings, 5).every(Number.isFinite)).toBe(true)
  turnInto(files, grown(9))
  await run.refresh()
  await embeddings.grow(run, true)
  expect(embeddings.projection).not.toBe(projection)
})

test('a run that has ended is seen as any later look at it sees it', async () => {
  const files = grown(4)
  const run = await Run.open(new MemoryStore(files))
  const embeddings = embeddingsOf(run)
  await embeddings.grow(run, true)
  turnInto(files, filesOf('packed'))
  await run.refresh()
  await embeddings.grow(run, false)
  const later = embeddingsOf(run)
  await later.grow(run, false)
  expect(places(embeddings, 2)).toEqual(places(later, 2))
  expect(embeddings.bounds).toEqual(later.bounds)
})

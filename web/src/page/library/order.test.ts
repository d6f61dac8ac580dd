import { describe, expect, test } from 'vitest'
import { arranged, needsAll, tagsOf, type Wish } from './order'
import type { Summary } from './summary'

const PLAIN: Wish = { find: '', tags: [], sort: 'newest' }

const BLANK: Summary = {
  title: '',
  model: 'MLP',
  parameters: 10,
  tags: [],
  state: 'finished',
  ended: 'finished',
  steps: 5,
  frames: 2,
  seconds: 1,
  lossName: 'loss',
  loss: 1,
  accuracy: NaN,
  course: [],
  remarks: [],
}

const KNOWN: Readonly<Record<string, Summary>> = {
  'run 10': { ...BLANK, title: 'Bears', loss: 0.5, tags: ['bn', 'lr=0.1'] },
  'run 9': { ...BLANK, model: 'LeNet', loss: NaN, accuracy: 0.9, tags: ['bn'], parameters: 60000 },
  'deep/run 2': { ...BLANK, loss: 0.25, accuracy: 0.7, tags: ['plain'], seconds: 90 },
}
const RUNS = ['run 10', 'run 9', 'deep/run 2', 'unread'].map((name, i) => ({ path: `runs/${i}`, name }))

function names(wish: Partial<Wish>): string[] {
  return arranged(RUNS, ({ name }) => KNOWN[name], { ...PLAIN, ...wish }).map(({ name }) => name)
}

describe('the order of runs', () => {
  test('is that of the list unless another is chosen', () => {
    expect(names({})).toEqual(['run 10', 'run 9', 'deep/run 2', 'unread'])
    expect(names({ sort: 'name' })).toEqual(['deep/run 2', 'run 9', 'run 10', 'unread'])
  })

  test('puts what is not known last', () => {
    expect(names({ sort: 'loss' })).toEqual(['deep/run 2', 'run 10', 'run 9', 'unread'])
    expect(names({ sort: 'accuracy' })).toEqual(['run 9', 'deep/run 2', 'run 10', 'unread'])
    expect(names({ sort: 'parameters' })).toEqual(['run 10', 'deep/run 2', 'run 9', 'unread'])
    expect(names({ sort: 'duration' })).toEqual(['run 10', 'run 9', 'deep/run 2', 'unread'])
  })
})

describe('a search', () => {
  test('finds every word in name, title, model, tags or state', () => {
    expect(names({ find: 'bears' })).toEqual(['run 10'])
    expect(names({ find: 'lenet BN' })).toEqual(['run 9'])
    expect(names({ find: 'deep plain' })).toEqual(['deep/run 2'])
    expect(names({ find: 'run finished 9' })).toEqual(['run 9'])
    expect(names({ find: 'nothing' })).toEqual([])
  })

  test('of a run that was not read knows its name', () => {
    expect(names({ find: 'unre' })).toEqual(['unread'])
  })

  test('by tags wants all of them', () => {
    expect(names({ tags: ['bn'] })).toEqual(['run 10', 'run 9'])
    expect(names({ tags: ['bn', 'lr=0.1'] })).toEqual(['run 10'])
  })

  test('makes every run be read, and the plain list does not', () => {
    expect(needsAll(PLAIN)).toBe(false)
    expect(needsAll({ ...PLAIN, sort: 'name' })).toBe(false)
    expect(needsAll({ ...PLAIN, sort: 'loss' })).toBe(true)
    expect(needsAll({ ...PLAIN, find: 'x' })).toBe(true)
    expect(needsAll({ ...PLAIN, tags: ['bn'] })).toBe(true)
  })
})

test('tags are offered by how many runs have them', () => {
  expect(tagsOf(Object.values(KNOWN))).toEqual([
    { tag: 'bn', count: 2 },
    { tag: 'lr=0.1', count: 1 },
    { tag: 'plain', count: 1 },
  ])
})

/** The answers of a lab are read as they were written, and refused where no lab writes so. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RunError } from './errors'
import { questionOf, questionsOf, readQuestion, readQuestions } from './lab'
import { MemoryStore } from './store'

const FOLDER = new URL('../../../fixtures/lab/answers/', import.meta.url)

function stored(...names: readonly string[]): MemoryStore {
  const read = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.json`, FOLDER)))
  return new MemoryStore(new Map(names.map((name) => [`${name}.json`, read(name)])))
}

function json(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Record<string, unknown>
}

test('the list has every question, also those that nobody has asked', async () => {
  const questions = await readQuestions(stored('index'))
  expect(questions.map(({ name, answers }) => [name, answers.length])).toEqual([
    ['latency', 2],
    ['depth', 0],
    ['batch', 1],
    ['formats', 0],
  ])
  expect(questions[0]?.answers[1]).toMatchObject({
    isQuick: true,
    isBusy: true,
    date: '2026-11-30T20:15:00Z',
  })
})

test('a question has the answers of all machines', async () => {
  const question = await readQuestion(stored('latency'), 'latency')
  expect(question?.answers.map(({ machine, claimHolds }) => [machine, claimHolds])).toEqual([
    ['AMD EPYC 7763, 2 cores', true],
    ['Intel Core i5-1135G7, 4 cores', null],
  ])
  const [answer] = question?.answers ?? []
  expect(answer?.details).toContainEqual({ name: 'memory', value: '24 GiB' })
  expect(answer?.arms[0]?.settings).toEqual([{ name: 'macs', value: '0.42' }])
  expect(answer?.arms[0]?.numbers.get('seconds')?.count).toBe(3)
  expect(answer?.trials).toHaveLength(18)
  expect(answer?.comparisons.map(({ differs }) => differs)).toEqual([true, false])
})

test('numbers that were not finite are none', async () => {
  const [answer] = (await readQuestion(stored('batch'), 'batch'))?.answers ?? []
  expect(answer?.arms[1]?.numbers.get('loss')).toMatchObject({ value: 0.42, high: null })
  expect(answer?.trials[2]?.numbers.get('loss')).toBeNull()
  expect(answer?.trials[0]?.runs).toEqual(['runs/batch/sgd-32-0'])
})

test('what was not asked is null, and no name leads out of the folder', async () => {
  const store = stored('latency')
  expect(await readQuestion(store, 'depth')).toBeNull()
  expect(await readQuestion(store, '../secret')).toBeNull()
  expect(store.asked).toEqual(['depth.json'])
})

function refusal(read: () => unknown): RunError {
  try {
    read()
  } catch (thrown) {
    if (thrown instanceof RunError) return thrown
    throw thrown
  }
  throw new Error('it was not refused')
}

test.each([
  [null, 'not an object'],
  [[], 'not an object'],
  [{ format: 1 }, "no 'questions'"],
  [{ format: 9, questions: [] }, 'reads formats up to 1'],
  [{ format: 1, questions: 3 }, 'not a list'],
  [{ format: 1, questions: [{ name: '../x' }] }, "is called '../x'"],
  [{ format: 1, questions: [{ name: 'x', question: 7 }] }, 'not text'],
  [{ format: 1, questions: [{ name: 'x', question: 'x'.repeat(20_001) }] }, '20001 letters'],
  [{ format: 1, questions: Array.from({ length: 501 }, () => ({})) }, 'there are 501 questions'],
])('a list that no lab writes is refused: %#', (content, said) => {
  const { what, fix } = refusal(() => questionsOf(content))
  expect(what).toContain(said)
  expect(what).not.toContain('this run')
  expect(fix).not.toBe('')
})

test.each([
  [{ machine: 'AMD' }, 'machine is "AMD"'],
  [{ is_busy: 'no' }, 'not true or false'],
  [{ claim_holds: 1 }, 'not true or false'],
  [{ charts: [{ title: '', spec: 'alert(1)' }] }, 'the spec of a chart is no object'],
  [{ measures: { seconds: 's' } }, 'measures.seconds is "s"'],
  [{ arms: [{ name: 'a', numbers: { seconds: { value: 'fast' } } }] }, 'not a finite number'],
  [{ trials: [{ arm: 'a', numbers: { seconds: '1' } }] }, 'numbers.seconds is no number'],
  [{ trials: [{ arm: 'a', numbers: {}, runs: [1] }] }, 'not a list of texts'],
  [{ versions: ['torch'] }, 'versions is no object'],
])('an answer that no lab writes is refused: %#', (change, said) => {
  const question = json('batch')
  const [answer] = question['answers'] as readonly object[]
  const { what } = refusal(() => questionOf({ ...question, answers: [{ ...answer, ...change }] }))
  expect(what).toContain('this lab cannot be trusted')
  expect(what).toContain(said)
})

test('what is no JSON is said to be none', async () => {
  const store = new MemoryStore(new Map([['index.json', new TextEncoder().encode('{')]]))
  await expect(readQuestions(store)).rejects.toThrow('index.json is no JSON')
  await expect(readQuestions(new MemoryStore(new Map()))).rejects.toThrow(
    'the list of its questions is missing',
  )
})

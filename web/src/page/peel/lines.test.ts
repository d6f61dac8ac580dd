/** Matching across levels, and what the address says of it. */
import { beforeAll, describe, expect, test } from 'vitest'
import { readPeel, type Peel, type PeelProgram } from '../../run/peel'
import { openPeel } from '../../testing/peel'
import { figuresOf, sheetOf } from './figures'
import { chosenLevels, formatPlace, parsePlace, switched, wordsOf } from './levels'
import { arraysOf, counterpart, firstOf, linesDoing, neighbourOf } from './lines'

let peel: Peel

beforeAll(async () => {
  const run = await openPeel()
  const read = await readPeel(run.store, run.manifest.peel, run.frames.count, (name) => run.array(name))
  if (!read) throw new Error('the fixture has no peel')
  peel = read
})

function program(level: string): PeelProgram {
  const found = peel.programs.find((one) => one.level === level)
  if (!found) throw new Error(`there is no ${level}`)
  return found
}

/** The text of the lines of a level that do what a line of another does, found by what is written there. */
function same(level: string, text: string, other: string): string[] {
  const source = program(level).source.split('\n')
  const steps = program(level).steps.get(source.findIndex((line) => line.includes(text)) + 1) ?? []
  const lines = program(other).source.split('\n')
  return [...linesDoing(program(other), steps)].map((line) => (lines[line - 1] ?? '').trim())
}

describe('a line of one level and the others', () => {
  test('one to one', () => {
    expect(same('numpy', 'act = np.maximum', 'tensors')).toEqual(['act = F.relu(fc)  # (32, 16)'])
    expect(same('numpy', 'act = np.maximum', 'loop')).toEqual(['return self.act(x)'])
  })

  test('one to many, and back', () => {
    expect(same('loop', 'loss.backward()', 'numpy')).toHaveLength(10)
    expect(same('numpy', 'd_fc = ', 'loop')).toEqual(['loss.backward()'])
    expect(same('numpy', 'fc = x @', 'c')).toHaveLength(2)
  })

  test('what only one level has lights nothing elsewhere', () => {
    expect(same('numpy', 'd_fc = ', 'c')).toEqual([])
    expect(linesDoing(program('numpy'), []).size).toBe(0)
  })
})

test('the keys go from line to line that does something, and stop at the ends', () => {
  const lines = [...program('numpy').steps.keys()]
  const [first = 0, second = 0] = lines
  expect(neighbourOf(program('numpy'), 0, 1)).toBe(first)
  expect(neighbourOf(program('numpy'), first, 1)).toBe(second)
  expect(neighbourOf(program('numpy'), second, -1)).toBe(first)
  expect(neighbourOf(program('numpy'), first, -1)).toBe(first)
  expect(neighbourOf(program('numpy'), 10 ** 6, 1)).toBe(lines.at(-1))
  expect(neighbourOf({ level: 'x', source: '', steps: new Map() }, 1, 1)).toBe(0)
})

test('a statement of several lines is one stop', () => {
  const steps = new Map([1, 3, 4, 5, 6].map((line) => [line, [line < 3 ? 0 : line < 6 ? 1 : 2]] as const))
  const long = { level: 'x', source: '', steps }
  expect(neighbourOf(long, 1, 1)).toBe(3)
  expect(neighbourOf(long, 3, 1)).toBe(6)
  expect(neighbourOf(long, 6, -1)).toBe(3)
})

test('the next level is entered where it does the same, else at its first line', () => {
  const steps = program('numpy').steps.get(47) ?? []
  expect(counterpart(program('tensors'), steps)).toBe(firstOf(linesDoing(program('tensors'), steps)))
  expect(counterpart(program('tensors'), [])).toBe(neighbourOf(program('tensors'), 0, 1))
})

test('a function that serves two blocks has two arrays for a line', () => {
  const fc = peel.steps.findIndex(({ variable }) => variable === 'fc')
  expect(arraysOf(peel, fc).map(({ path }) => path)).toEqual(['a', 'b'])
})

describe('which levels are looked at', () => {
  const entry = { level: 'numpy', levels: ['line', 'loop', 'tensors', 'numpy', 'c'] }

  test('at first those whose arrays were kept, and the one above', () => {
    expect(chosenLevels(entry, undefined)).toEqual(['tensors', 'numpy'])
    expect(chosenLevels({ level: 'loop', levels: ['loop', 'numpy'] }, undefined)).toEqual(['loop'])
  })

  test('else those in the address, in their own order', () => {
    expect(chosenLevels(entry, 'c,loop')).toEqual(['loop', 'c'])
    expect(chosenLevels(entry, 'assembler')).toEqual(['tensors', 'numpy'])
  })

  test('one joins, one goes, and the last one stays', () => {
    expect(switched(entry, ['loop', 'numpy'], 'c')).toBe('loop,numpy,c')
    expect(switched(entry, ['loop', 'numpy'], 'loop')).toBe('numpy')
    expect(switched(entry, ['numpy'], 'numpy')).toBe('numpy')
  })

  test('an unknown one is called by its name', () => {
    expect(wordsOf('numpy').label).toBe('NumPy')
    expect(wordsOf('toString')).toEqual({ label: 'toString', sentence: '' })
  })
})

test.each(['numpy:47', 'loop:40:3', 'a level: its own:1'])('%s comes back from the address', (text) => {
  const place = parsePlace(text)
  expect(place && formatPlace(place)).toBe(text)
})

test.each([undefined, '', 'numpy', 'numpy:', ':3', 'numpy:x', 'numpy:1234567', `${'x'.repeat(50)}:3`])(
  '%s is no line',
  (text) => {
    expect(parsePlace(text)).toBeNull()
  },
)

test('figures are of what is finite', () => {
  expect(figuresOf(Float32Array.of(3, -4, NaN, Infinity))).toEqual({
    least: -4,
    mean: -0.5,
    most: 3,
    norm: 5,
    broken: 2,
  })
  expect(figuresOf(Float32Array.of(NaN)).norm).toBeNaN()
})

test.each([
  [[], 1, 1, 1],
  [[7], 7, 1, 1],
  [[4, 6], 6, 4, 1],
  [[4, 6, 1, 1], 6, 4, 1],
  [[4, 2, 3, 3], 11, 11, 8],
])('%s values are laid out', (kept, columns, rows, tiles) => {
  const sheet = sheetOf(kept, { width: 100, height: 100 })
  expect([sheet.columns, sheet.rows, sheet.tiles]).toEqual([columns, rows, tiles])
})

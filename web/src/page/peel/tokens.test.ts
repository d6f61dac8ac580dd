/** The words of a program: nothing of it is lost, and each is what it is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXPECTED_PEEL } from '../../testing/peel'
import { piecesOf } from './tokens'

function kindsOf(source: string, level = 'numpy'): string[] {
  return piecesOf(source, level).flatMap((line) =>
    line.filter(({ text }) => text.trim()).map(({ kind, text }) => `${kind} ${text.trim()}`),
  )
}

test.each([
  ['def f(x):  # twice', ['word def', 'name f', 'plain (x):', 'note # twice']],
  ['y = 2.5e3 * x1', ['plain y =', 'number 2.5e3', 'plain * x1']],
  ["w[f\"{at}.'w\"] + b'#'", ['plain w[', 'text f"{at}.\'w"', 'plain ] +', "text b'#'"]],
  ['if not None: pass', ['word if', 'word not', 'word None', 'plain :', 'word pass']],
  ['"""one\ntwo # no note\n"""\nx', ['text """one', 'text two # no note', 'text """', 'plain x']],
  ['formula = "open', ['plain formula =', 'text "open']],
  ['s = "a\\"b" # c', ['plain s =', 'text "a\\"b"', 'note # c']],
])('%s', (source, kinds) => {
  expect(kindsOf(source)).toEqual(kinds)
})

test('C has its own words, comments and directives', () => {
  expect(kindsOf('#include <math.h>\n/* a\nb */ static float x = 1.5f; // c', 'c')).toEqual([
    'word #include',
    'plain <math.h>',
    'note /* a',
    'note b */',
    'word static',
    'word float',
    'plain x =',
    'number 1.5f',
    'plain ;',
    'note // c',
  ])
})

test('a worksheet is prose', () => {
  expect(kindsOf('for each x in "a"', 'paper')).toEqual(['plain for each x in "a"'])
})

test.each(EXPECTED_PEEL.programs.map(([level, source]) => [level, source] as const))(
  'the lines of %s are those of its text',
  (level, source) => {
    const lines = piecesOf(source, level).map((line) => line.map(({ text }) => text).join(''))
    expect(lines).toEqual(source.replace(/\n$/, '').split('\n'))
  },
)

test('nothing is lost of any text', () => {
  const piece = fc.constantFrom('"""', "'", '"', '\n', '\\', '#', 'def ', 'x', ' ', '/*', '*/', '1')
  const text = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, fc.constantFrom('numpy', 'c', 'paper'), (source, level) => {
      const joined = piecesOf(source, level)
        .map((line) => line.map((one) => one.text).join(''))
        .join('\n')
      expect(joined).toBe(source.replace(/\n$/, ''))
    }),
  )
})

/** Formulas as MathML: every one that an operation of the peel has, and what a stranger may write instead. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linesOf, mathOf, type MathNode } from './tex'

const OPS = fileURLToPath(new URL('../../../../onionskin/peel/ops', import.meta.url))

/** The formula in an operation's file: raw strings, maybe several in a row; null where it has none of its own. */
function formulaIn(file: string): string | null {
  const [, after = ''] = /^FORMULA = ([^]*)/m.exec(readFileSync(join(OPS, file), 'utf8')) ?? []
  const [literals] = /^\(?(?:\s*(?:#[^\n]*\n\s*)?r?"(?:\\.|[^"\\\n])*")+/.exec(after) ?? []
  if (literals === undefined) return null
  return [...literals.matchAll(/(r?)"((?:\\.|[^"\\\n])*)"/g)]
    .map(([, raw, text = '']) => (raw ? text : (JSON.parse(`"${text}"`) as string)))
    .join('')
}

const FILES = readdirSync(OPS).filter((file) => file.endsWith('.py') && file !== '__init__.py')
const FORMULAS = FILES.flatMap((file): [string, string][] => {
  const formula = formulaIn(file)
  return formula ? [[file, formula]] : []
})

/** What is read of a formula, its elements in brackets. */
function written({ tag, text, children = [] }: MathNode): string {
  return `${tag}(${text ?? children.map(written).join(' ')})`
}

function read(tex: string): string {
  const tree = mathOf(tex)
  return tree ? written(tree) : 'not understood'
}

describe('the formulas of the operations', () => {
  test('are found', () => {
    expect(FORMULAS.length).toBeGreaterThan(0.8 * FILES.length)
  })

  test.each(FORMULAS)('%s is typeset', (_, formula) => {
    expect(linesOf(formula), formula).not.toBeNull()
  })
})

test.each([
  ['x', 'mi(x)'],
  ['x W^\\top + b', 'mrow(mi(x) msup(mi(W) mi(⊤)) mo(+) mi(b))'],
  ['\\frac1n', 'mfrac(mn(1) mi(n))'],
  ['\\frac12 3', 'mrow(mfrac(mn(1) mn(2)) mn(3))'],
  ['0.044715 x^3', 'mrow(mn(0.044715) msup(mi(x) mn(3)))'],
  ['x_{i,t_i}', 'msub(mi(x) mrow(mi(i) mo(,) msub(mi(t) mi(i))))'],
  ['x_i^2', 'msubsup(mi(x) mi(i) mn(2))'],
  ['x^2_i', 'msubsup(mi(x) mi(i) mn(2))'],
  ["f'", 'msup(mi(f) mrow(mo(′)))'],
  ['\\sum_i^n x', 'mrow(munderover(mo(∑) mi(i) mi(n)) mi(x))'],
  ['\\max_k x', 'mrow(munder(mi(max) mi(k)) mspace() mi(x))'],
  ['\\log x', 'mrow(mi(log) mspace() mi(x))'],
  ['t \\log (x)', 'mrow(mi(t) mspace() mi(log) mo(() mi(x) mo()))'],
  ['x := 0', 'mrow(mi(x) mo(:=) mn(0))'],
  ['\\hat{x}', 'mover(mi(x) mo(^))'],
  ['\\sqrt{x}', 'msqrt(mi(x))'],
  ['\\sqrt[3]{x}', 'mroot(mi(x) mn(3))'],
  ['\\left( x \\right)', 'mrow(mo(() mi(x) mo()))'],
  ['\\text{if } x', 'mrow(mtext(if\u00a0) mi(x))'],
  ['\\mathrm{onehot}(t)', 'mrow(mi(onehot) mo(() mi(t) mo()))'],
  ['\\mathbb{R}', 'mi(ℝ)'],
  ['\\mathcal{N}', 'mi(𝒩)'],
  ['\\mathcal N', 'mi(𝒩)'],
  ['a - b', 'mrow(mi(a) mo(−) mi(b))'],
  [
    '\\begin{cases} x & x > 0 \\\\ 0 & \\text{else} \\end{cases}',
    'mrow(mo({) mtable(mtr(mtd(mi(x)) mtd(mrow(mi(x) mo(>) mn(0)))) mtr(mtd(mn(0)) mtd(mtext(else)))) mrow())',
  ],
])('%s', (tex, tree) => {
  expect(read(tex)).toBe(tree)
})

test('what stands apart stands below each other', () => {
  expect(linesOf('y = x, \\qquad z = 2')?.map(written)).toEqual([
    'mrow(mi(y) mo(=) mi(x))',
    'mrow(mi(z) mo(=) mn(2))',
  ])
  expect(linesOf('y = x, \\quad z = 2')?.length).toBe(2)
  expect(linesOf('y \\quad z')?.length).toBe(1)
  expect(linesOf('\\begin{cases} x & a \\qquad b \\end{cases}, \\qquad \\frac{c \\qquad d}{2}')?.length).toBe(
    2,
  )
})

describe('what is not understood', () => {
  test.each([
    '\\nothing',
    '\\constructor',
    '\\toString{x}',
    '{x',
    'x}',
    'x^',
    'x^1^2',
    '\\frac1',
    '\\left( x',
    '\\begin{cases} x',
    '\\begin{tabular} x \\end{tabular}',
    '\\text{a {b} c}',
    '\\text{$x$}',
    '{'.repeat(3000),
    '\\sqrt'.repeat(800),
    '\\href{javascript:alert(1)}{x}',
  ])('%s is shown as it was written', (tex) => {
    expect(linesOf(tex)).toBeNull()
  })

  test('is never an error, whatever it is', () => {
    const piece = fc.constantFrom(
      '\\frac',
      '{',
      '}',
      '^',
      '_',
      'x',
      '12',
      '\\left',
      '\\right',
      '(',
      '&',
      '\\\\',
      ' ',
      '<b>',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (tex) => {
          linesOf(tex)
        },
      ),
    )
  })
})

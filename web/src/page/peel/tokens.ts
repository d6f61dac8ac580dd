/** The words of a program by what they are, so that the eye finds its way: a calm few kinds, and no parser. */

export type Kind = 'plain' | 'word' | 'name' | 'text' | 'note' | 'number'

export interface Piece {
  readonly kind: Kind
  readonly text: string
}

const PYTHON_WORDS = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield None True False'
  ).split(' '),
)
const C_WORDS = new Set(
  (
    'break case char const continue default do double else enum extern float for if inline int long return short ' +
    'signed sizeof static struct switch typedef unsigned void while size_t'
  ).split(' '),
)

/** Each alternative takes at least one character and never goes back, so the longest program is read in one pass. */
const PYTHON =
  /[rRbBfFuU]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|#[^\n]*|\d[\w.]*|[^\W\d]\w*|[^]/g
const C =
  /\/\*[^]*?(?:\*\/|$)|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|#\s*\w+|\d[\w.]*|[^\W\d]\w*|[^]/g

/** The lines of a program, each as pieces that make up its text. A worksheet is prose, and stays plain. */
export function piecesOf(source: string, level: string): readonly (readonly Piece[])[] {
  const lines: Piece[][] = [[]]
  const add = (kind: Kind, text: string): void => {
    for (const [i, part] of text.split('\n').entries()) {
      if (i > 0) lines.push([])
      const line = lines.at(-1)
      const last = line?.at(-1)
      if (!part || !line) continue
      if (last?.kind === kind) line[line.length - 1] = { kind, text: last.text + part }
      else line.push({ kind, text: part })
    }
  }
  if (level === 'paper') add('plain', source)
  else for (const [kind, text] of tokensOf(source, level === 'c')) add(kind, text)
  if (lines.length > 1 && lines.at(-1)?.length === 0) lines.pop() // after the last line's end there is no line
  return lines
}

function* tokensOf(source: string, isC: boolean): Generator<readonly [Kind, string]> {
  const words = isC ? C_WORDS : PYTHON_WORDS
  let before = ''
  for (const [token] of source.matchAll(isC ? C : PYTHON)) {
    yield [kindOf(token, before, words, isC), token]
    if (token.trim()) before = token
  }
}

function kindOf(token: string, before: string, words: ReadonlySet<string>, isC: boolean): Kind {
  if (isC ? /^\/[/*]/.test(token) : token.startsWith('#')) return 'note'
  if (/^[rRbBfFuU]{0,2}["']/.test(token)) return 'text'
  if (/^\d/.test(token)) return 'number'
  if (words.has(token) || (isC && token.startsWith('#'))) return 'word'
  return !isC && (before === 'def' || before === 'class') ? 'name' : 'plain'
}

/** Asks a network of texts: a field to write in, and of what stands there the tokens or n-grams that it takes. */
import { Tokenizer } from './bytepairs'
import { make } from './element'
import { floats, wholes, type Given } from './model'
import { bag } from './ngrams'
import type { TextKind } from './told'

/** After the last letter it waits so long before it answers (ms). */
const REST = 250

export function textAsker(kind: TextKind, ask: (given: Given) => Promise<void>): HTMLElement {
  const field = make('textarea', { id: 'text', rows: 6 })
  const encode = encoderOf(kind)
  let waiting = 0
  const answer = (): void => {
    if (field.value.trim()) void ask(encode(field.value))
  }
  field.addEventListener('input', () => {
    clearTimeout(waiting)
    waiting = window.setTimeout(answer, REST)
  })
  return make('div', {}, make('label', { for: 'text' }, 'A text'), field)
}

export function encoderOf(kind: TextKind): (text: string) => Given {
  if (kind.reads === 'ngrams') {
    return (text) => {
      const { rows, shares } = bag(text, kind.rows)
      const shape = [1, Math.max(1, rows.length)]
      return {
        ngrams: wholes(rows.length ? rows : [0], shape),
        shares: floats(rows.length ? shares : new Float32Array(1), shape),
      }
    }
  }
  const tokenizer = new Tokenizer(kind.tokenizer)
  return (text) => {
    const tokens = tokenizer.encode(text)
    return { tokens: wholes(tokens, [1, tokens.length]) }
  }
}

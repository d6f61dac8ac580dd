import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Tokenizer } from './bytepairs'
import { bag } from './ngrams'
import type { BytePairs } from './told'

/** Written by Python: tests/learn/practice/make_texts_fixture.py. */
const written = JSON.parse(
  readFileSync(new URL('../../../fixtures/deploy/texts.json', import.meta.url), 'utf8'),
) as {
  readonly texts: readonly string[]
  readonly tokenizer: BytePairs
  readonly tokens: readonly (readonly number[])[]
  readonly rows: number
  readonly bags: readonly (readonly number[])[]
  readonly shares: readonly (readonly number[])[]
}

describe('a text', () => {
  it('is the tokens that Python makes of it', () => {
    const tokenizer = new Tokenizer(written.tokenizer)
    for (const [i, text] of written.texts.entries())
      expect(tokenizer.encode(text), text).toEqual(written.tokens[i])
  })

  it('is cut where it is too long, and its last token stays', () => {
    const whole = new Tokenizer(written.tokenizer).encode(written.texts[0] ?? '')
    const cut = new Tokenizer({ ...written.tokenizer, most: 5 }).encode(written.texts[0] ?? '')
    expect(cut).toEqual([...whole.slice(0, 4), whole.at(-1)])
  })

  it('is the n-grams that Python makes of it', () => {
    for (const [i, text] of written.texts.entries()) {
      const { rows, shares } = bag(text, written.rows)
      expect(rows, text).toEqual(written.bags[i])
      for (const [j, share] of shares.entries()) expect(share).toBeCloseTo(written.shares[i]?.[j] ?? NaN, 5)
    }
  })

  it('of nothing has no n-grams', () => {
    expect(bag('  ', 64)).toEqual({ rows: [], shares: new Float32Array() })
  })
})

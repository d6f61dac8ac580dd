/** A text as its words, pairs of words and pieces of three to five letters, as onionskin/learn/text/ngrams.py has them. */

/** Of longer texts the beginning is read (letters). */
const MOST_LETTERS = 20_000

// What Python takes for white space; nobody writes these, and files hold them.
/* eslint-disable no-control-regex */
const WORD = /[\p{L}\p{N}_]+|[^\p{L}\p{N}_\p{White_Space}\x1c-\x1f]/gu
const SPACES = /[\p{White_Space}\x1c-\x1f]+/u
/* eslint-enable no-control-regex */

/** 2⁶⁴ over the golden ratio, made odd, and its inverse modulo 2⁶⁴. */
const BASE = 0x9e3779b97f4a7c15n
const INVERSE = inverse(BASE)

export interface Bag {
  /** Rows of the table, those of words first, and what each counts: of length 1 together. */
  readonly rows: readonly number[]
  readonly shares: Float32Array
}

export function bag(text: string, rows: number): Bag {
  const start = Array.from(text).slice(0, MOST_LETTERS).join('')
  const letters = start.toLowerCase().split(SPACES).filter(Boolean).join(' ')
  const parts = [ofWords(start), ofLetters(letters)].map((hashes) => counted(hashes, rows))
  return {
    rows: parts.flatMap((part) => part.rows),
    shares: Float32Array.from(parts.flatMap(({ shares }) => [...shares])),
  }
}

/** The rows of hashes, rising, each once, and what each counts: of length √½ together. */
function counted(hashes: readonly bigint[], rows: number): Bag {
  const counts = new Map<number, number>()
  for (const hash of hashes) {
    const row = Number((hash >> 32n) % BigInt(rows))
    counts.set(row, (counts.get(row) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([a], [b]) => a - b)
  const shares = sorted.map(([, count]) => 1 + Math.log(count))
  const length = Math.sqrt(2 * shares.reduce((sum, share) => sum + share * share, 0)) || 1
  return { rows: sorted.map(([row]) => row), shares: Float32Array.from(shares, (share) => share / length) }
}

function ofLetters(text: string): bigint[] {
  const between = hashesOf(text)
  const count = Array.from(text).length
  return [3, 4, 5].flatMap((n) =>
    Array.from({ length: Math.max(0, count - n + 1) }, (_, first) => wrapped(between(first, n) * odd(n))),
  )
}

function ofWords(text: string): bigint[] {
  const between = hashesOf(text)
  const words: bigint[] = []
  let [units, letters] = [0, 0] // where the last match began: in UTF-16 and in letters
  for (const match of text.matchAll(WORD)) {
    letters += Array.from(text.slice(units, match.index)).length
    units = match.index
    words.push(between(letters, Array.from(match[0]).length))
  }
  const pairs = words.slice(1).map((word, i) => wrapped(((words[i] ?? 0n) * odd(11) + word) * odd(13)))
  return [...words.map((word) => wrapped(word * odd(7))), ...pairs]
}

/** Gives the hash of so many letters from a place on, the same wherever they stand. */
function hashesOf(text: string): (first: number, count: number) => bigint {
  const letters = Array.from(text, (letter) => letter.codePointAt(0) ?? 0)
  const sums = new BigUint64Array(letters.length + 1)
  const down = new BigUint64Array(letters.length + 1)
  let [power, back] = [1n, 1n]
  for (const [i, letter] of letters.entries()) {
    sums[i + 1] = wrapped((sums[i] ?? 0n) + BigInt(letter + 1) * power)
    down[i] = back
    power = wrapped(power * BASE)
    back = wrapped(back * INVERSE)
  }
  return (first, count) => {
    const found = wrapped(wrapped((sums[first + count] ?? 0n) - (sums[first] ?? 0n)) * (down[first] ?? 1n))
    return wrapped((found ^ (found >> 31n)) * odd(3))
  }
}

function odd(number: number): bigint {
  return wrapped(BASE * BigInt(2 * number + 1)) | 1n
}

function wrapped(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

/** By Newton's iteration: each round doubles the bits that are right. */
function inverse(value: bigint): bigint {
  let found = 1n
  for (let i = 0; i < 7; i++) found = wrapped(found * (2n - value * found))
  return found
}

/** Byte pairs on bytes, as GPT-2 has them: texts as tokens, the same as the package `tokenizers` gives. */
import type { BytePairs } from './told'

/** What is kept together before pairs are made: GPT-2's own pattern, with white space as Unicode has it. */
const PARTS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

const LETTERS = lettersOfBytes()

export class Tokenizer {
  private readonly numbers: ReadonlyMap<string, number>
  private readonly ranks: ReadonlyMap<string, number>
  private readonly special: RegExp | null

  constructor(private readonly told: BytePairs) {
    this.numbers = new Map(Object.entries(told.vocabulary))
    this.ranks = new Map(told.merges.map(([left, right], rank) => [`${left} ${right}`, rank]))
    const names = told.special.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    this.special = names.length ? new RegExp(`(${names.join('|')})`, 'u') : null
  }

  /** The tokens of a text, at most `most` of them; the last one stays where it is cut. */
  encode(text: string): number[] {
    const { start, most } = this.told
    const tokens = start === null ? [] : [start]
    for (const piece of this.special ? text.split(this.special) : [text]) {
      const own = this.told.special.includes(piece) ? this.numbers.get(piece) : undefined
      tokens.push(...(own === undefined ? this.plain(piece) : [own]))
    }
    return tokens.length <= most ? tokens : [...tokens.slice(0, most - 1), tokens.at(-1) ?? 0]
  }

  private plain(text: string): number[] {
    let shaped = text.normalize('NFC')
    // Letter by letter, as it does there: of a whole text a browser would turn a last Σ into ς.
    if (this.told.lower) shaped = Array.from(shaped, (letter) => letter.toLowerCase()).join('')
    return (shaped.match(PARTS) ?? []).flatMap((part) => this.merged(part))
  }

  private merged(part: string): number[] {
    let pieces = Array.from(new TextEncoder().encode(part), (byte) => LETTERS[byte] ?? '')
    while (pieces.length > 1) {
      let [best, place] = [Infinity, -1]
      for (let i = 0; i + 1 < pieces.length; i++) {
        const rank = this.ranks.get(`${pieces[i]} ${pieces[i + 1]}`) ?? Infinity
        if (rank < best) [best, place] = [rank, i]
      }
      if (place < 0) break
      pieces = [...pieces.slice(0, place), `${pieces[place]}${pieces[place + 1]}`, ...pieces.slice(place + 2)]
    }
    return pieces.flatMap((piece) => this.numbers.get(piece) ?? [])
  }
}

/** A letter for each byte: itself where it is one that can be seen, else one from 256 on. */
function lettersOfBytes(): string[] {
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => {
    const isSeen = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    return String.fromCodePoint(isSeen ? byte : next++)
  })
}

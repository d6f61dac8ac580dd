/**
 * The TeX of formulas as MathML, which browsers typeset by themselves: a few kilobytes, where a library with its fonts
 * takes a hundred or more.
 *
 * What is made is a tree of known elements and text. A formula comes with a run, and so from a stranger: nothing of it is
 * ever read as markup, and one that is not understood is null, to be shown as it was written.
 */
import { ACCENTS, BRACKETS, FUNCTIONS, LARGE, LETTERS, RANGING, SIGNS, SPACES, TABLES } from './symbols'

export type Tag =
  | 'mrow'
  | 'mi'
  | 'mn'
  | 'mo'
  | 'mtext'
  | 'mspace'
  | 'mfrac'
  | 'msqrt'
  | 'mroot'
  | 'msub'
  | 'msup'
  | 'msubsup'
  | 'munder'
  | 'mover'
  | 'munderover'
  | 'mtable'
  | 'mtr'
  | 'mtd'
  | 'mstyle'

export interface MathNode {
  readonly tag: Tag
  readonly text?: string
  readonly children?: readonly MathNode[]
  readonly attributes?: Readonly<Record<string, string>>
  /** Whether it is the name of a function, which what follows is kept apart from. */
  readonly isFunction?: boolean
  /** Whether what follows as `_` and `^` stands below and above it. */
  readonly isLarge?: boolean
}

/** Deeper than any formula. */
const DEEPEST = 40

/**
 * The formula as lines, each a tree: what stands apart by a `\quad` or more stands below each other, since the room beside a
 * program is narrow. Null where it has something that is not known.
 */
export function linesOf(tex: string): readonly MathNode[] | null {
  const lines = partsOf(tex)
  const trees = lines.map(mathOf)
  return trees.every((tree) => tree !== null) ? trees : null
}

/** The formula cut where it leaves room outside of all braces and tables, and after a comma. */
function partsOf(tex: string): readonly string[] {
  const parts = ['']
  let depth = 0
  for (const [token] of tex.matchAll(/\\(?:[A-Za-z]+|[^])|[^]/gu)) {
    if (token === '{' || token === '\\begin' || token === '\\left') depth++
    if (token === '}' || token === '\\end' || token === '\\right') depth--
    const before = parts.at(-1) ?? ''
    const isCut = token === '\\qquad' || (token === '\\quad' && /,\s*$/.test(before))
    if (isCut && depth === 0) parts.push('')
    else parts[parts.length - 1] = before + token
  }
  return parts.map((part) => part.trim().replace(/[,;]$/, '')).filter(Boolean)
}

/** One line as a tree; null where it has something that is not known. */
export function mathOf(tex: string): MathNode | null {
  try {
    return new Parser(tex).whole()
  } catch (error) {
    if (error instanceof NotUnderstood) return null
    throw error
  }
}

class NotUnderstood extends Error {}

/** A command, a number or one character; `isArgument` numbers are taken digit by digit: `\frac12` is a half. */
const TOKEN = /\\[A-Za-z]+\*?|\\[^]|\d+(?:\.\d+)?|:=|\s+|[^]/uy

class Parser {
  private at = 0
  private depth = 0

  constructor(private readonly tex: string) {}

  whole(): MathNode {
    const all = this.row(() => this.peek() === null)
    return all
  }

  /** The next token, without the room before it; null at the end. */
  private peek(): string | null {
    TOKEN.lastIndex = this.at
    let [token] = TOKEN.exec(this.tex) ?? []
    if (token?.trim() === '') {
      this.at += token.length
      TOKEN.lastIndex = this.at
      ;[token] = TOKEN.exec(this.tex) ?? []
    }
    return token ?? null
  }

  private take(): string {
    const token = this.peek()
    if (token === null) throw new NotUnderstood()
    this.at += token.length
    return token
  }

  private expect(wanted: string): void {
    if (this.take() !== wanted) throw new NotUnderstood()
  }

  /** Everything up to where `isEnd` says so, in a row. */
  private row(isEnd: () => boolean): MathNode {
    if (++this.depth > DEEPEST) throw new NotUnderstood()
    const children: MathNode[] = []
    while (!isEnd()) {
      const next = this.scripted()
      const before = children.at(-1)
      if (before && needsRoom(before, next)) children.push(room(THIN))
      children.push(next)
    }
    this.depth--
    const [only] = children
    return children.length === 1 && only ? only : { tag: 'mrow', children }
  }

  /** One thing with what stands below and above it. */
  private scripted(): MathNode {
    const isBare = this.peek() === '^' || this.peek() === '_'
    const base = isBare ? row([]) : this.one()
    let [below, above]: (MathNode | null)[] = [null, null]
    for (let next = this.peek(); next === '^' || next === '_' || next === "'"; next = this.peek()) {
      this.take()
      if (next === '_' && !below) below = this.argument()
      else if (next === '^' && !above) above = this.argument()
      else if (next === "'") above = row([...(above ? [above] : []), { tag: 'mo', text: '′' }])
      else throw new NotUnderstood()
    }
    const { isLarge, isFunction = false } = base
    if (below && above)
      return { tag: isLarge ? 'munderover' : 'msubsup', children: [base, below, above], isFunction }
    if (below) return { tag: isLarge ? 'munder' : 'msub', children: [base, below], isFunction }
    if (above) return { tag: isLarge ? 'mover' : 'msup', children: [base, above], isFunction }
    return base
  }

  /** What a command takes: a group in braces, or one token. */
  private argument(): MathNode {
    const next = this.peek()
    if (next && /^\d/.test(next)) {
      this.at++
      return { tag: 'mn', text: next.slice(0, 1) }
    }
    return this.one()
  }

  private one(): MathNode {
    const token = this.take()
    if (token === '{') return this.closed('}')
    if (token.startsWith('\\')) return this.command(token.slice(1))
    if (/^\d/.test(token)) return { tag: 'mn', text: token }
    if (/^\p{L}/u.test(token)) return { tag: 'mi', text: token }
    if ('}&^_$%#'.includes(token)) throw new NotUnderstood()
    if ('()[]|'.includes(token)) return fixed(token)
    return { tag: 'mo', text: token === '-' ? '−' : token === '*' ? '∗' : token }
  }

  private closed(end: string): MathNode {
    const inside = this.row(() => this.peek() === end)
    this.expect(end)
    return inside
  }

  private command(name: string): MathNode {
    const { [name]: letter } = LETTERS
    if (letter !== undefined && Object.hasOwn(LETTERS, name)) return { tag: 'mi', text: letter }
    if (Object.hasOwn(SIGNS, name)) return { tag: 'mo', text: SIGNS[name] ?? '' }
    if (Object.hasOwn(BRACKETS, name)) return fixed(BRACKETS[name] ?? '')
    if (Object.hasOwn(LARGE, name)) return { tag: 'mo', text: LARGE[name] ?? '', isLarge: true }
    if (FUNCTIONS.has(name)) return { ...word(name), isFunction: true }
    if (RANGING.has(name)) return { ...word(name), isFunction: true, isLarge: true }
    if (Object.hasOwn(SPACES, name)) return room(SPACES[name] ?? 0)
    if (Object.hasOwn(ACCENTS, name)) {
      const over = {
        tag: 'mo',
        text: ACCENTS[name] ?? '',
        attributes: { stretchy: String(/over|wide/.test(name)) },
      }
      return { tag: 'mover', children: [this.argument(), over as MathNode], attributes: { accent: 'true' } }
    }
    return this.construct(name)
  }

  private construct(name: string): MathNode {
    switch (name) {
      case 'frac':
      case 'tfrac':
      case 'dfrac':
        return { tag: 'mfrac', children: [this.argument(), this.argument()] }
      case 'sqrt':
        return this.root()
      case 'text':
      case 'textrm':
      case 'textit':
      case 'textbf':
        return { tag: 'mtext', text: this.plain().replace(/^ | $/g, '\u00a0') }
      case 'mathrm':
      case 'operatorname':
      case 'operatorname*':
        return { ...word(this.plain()), isFunction: name !== 'mathrm', isLarge: name.endsWith('*') }
      case 'mathbf':
      case 'boldsymbol':
        return { tag: 'mstyle', children: [this.argument()], attributes: { class: 'bold' } }
      case 'mathit':
      case 'mathcal':
      case 'mathbb':
        return { tag: 'mi', text: styled(name, this.plain()) }
      case 'displaystyle':
      case 'limits':
        return row([])
      case 'underset':
      case 'overset': {
        const [beside, base] = [this.argument(), this.argument()]
        return { tag: name === 'underset' ? 'munder' : 'mover', children: [base, beside] }
      }
      case 'left':
        return this.fenced()
      case 'begin':
        return this.table()
      case '%':
      case '&':
      case '_':
      case '#':
      case '$':
        return { tag: 'mtext', text: name }
      default:
        if (/^[bB]ig+[lrm]?$/.test(name)) return this.one()
        throw new NotUnderstood()
    }
  }

  private root(): MathNode {
    if (this.peek() !== '[') return { tag: 'msqrt', children: [this.argument()] }
    this.take()
    const degree = this.closed(']')
    return { tag: 'mroot', children: [this.argument(), degree] }
  }

  /** The letters within braces, as they stand there; or a single one without. */
  private plain(): string {
    const first = this.take()
    if (/^\p{L}$/u.test(first)) return first
    if (first !== '{') throw new NotUnderstood()
    const end = this.tex.indexOf('}', this.at)
    const inside = end < 0 ? '{' : this.tex.slice(this.at, end)
    if (/[{\\$]/.test(inside.replaceAll('\\_', '_').replaceAll('\\ ', ' ').replaceAll('\\,', ' ')))
      throw new NotUnderstood()
    this.at = end + 1
    return inside.replaceAll('\\_', '_').replaceAll('\\ ', ' ').replaceAll('\\,', '\u2009')
  }

  private fenced(): MathNode {
    const open = this.bracket()
    const inside = this.row(() => this.peek() === '\\right')
    this.take()
    return row([grown(open), inside, grown(this.bracket())])
  }

  private bracket(): string {
    const token = this.take()
    const name = token.slice(1)
    if (token === '.') return ''
    if (token.startsWith('\\') && Object.hasOwn(BRACKETS, name)) return BRACKETS[name] ?? ''
    if ('()[]|/<>'.includes(token)) return token
    throw new NotUnderstood()
  }

  private table(): MathNode {
    const name = this.plain()
    if (!Object.hasOwn(TABLES, name)) throw new NotUnderstood()
    const [open, close] = TABLES[name] ?? ['', '']
    const rows: MathNode[] = []
    let cells: MathNode[] = []
    const isEnd = () => ['&', '\\\\', '\\end'].includes(this.peek() ?? '\\end')
    for (;;) {
      cells.push({ tag: 'mtd', children: [this.row(isEnd)] })
      const end = this.take()
      if (end === '&') continue
      rows.push({ tag: 'mtr', children: cells })
      cells = []
      if (end !== '\\\\') break
    }
    if (this.plain() !== name) throw new NotUnderstood()
    const attributes = { class: name === 'cases' || name.startsWith('align') ? 'left' : 'middle' }
    return row([grown(open), { tag: 'mtable', children: rows, attributes }, grown(close)])
  }
}

/** The room beside the name of a function, in em; none before a bracket. */
const THIN = 0.17

function needsRoom(before: MathNode, next: MathNode): boolean {
  const isSign = next.tag === 'mo' || next.tag === 'mspace' || next.children?.[0]?.tag === 'mo'
  if (before.isFunction) return !isSign || next.tag === 'munder' || next.tag === 'munderover'
  return next.isFunction === true && before.tag !== 'mo' && before.tag !== 'mspace'
}

function row(children: readonly MathNode[]): MathNode {
  return { tag: 'mrow', children }
}

/** A name of several letters, upright. */
function word(text: string): MathNode {
  return { tag: 'mi', text, attributes: { mathvariant: 'normal' } }
}

/** A bracket that stays as high as a letter. */
function fixed(text: string): MathNode {
  const isBar = text === '|' || text === '‖' // by itself it opens as well as closes
  return {
    tag: 'mo',
    text,
    attributes: { stretchy: 'false', ...(isBar ? { lspace: '0', rspace: '0' } : {}) },
  }
}

/** One that grows with what it encloses. */
function grown(text: string): MathNode {
  return text ? { tag: 'mo', text, attributes: { stretchy: 'true' } } : row([])
}

function room(em: number): MathNode {
  return { tag: 'mspace', attributes: { width: `${em}em` } }
}

/** Where the letters of an alphabet begin; those that Unicode has elsewhere are listed. */
const ALPHABETS: Readonly<Record<string, readonly [capital: number, small: number, elsewhere: string]>> = {
  mathcal: [0x1d49c, 0x1d4b6, 'BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ'],
  mathbb: [0x1d538, 0x1d552, 'CℂHℍNℕPℙQℚRℝZℤ'],
}

function styled(name: string, text: string): string {
  const alphabet = ALPHABETS[name]
  if (!alphabet) return text
  const [capital, small, elsewhere] = alphabet
  const places = Array.from(elsewhere)
  return text.replace(/[A-Za-z]/g, (letter) => {
    const at = places.indexOf(letter)
    if (at >= 0) return places[at + 1] ?? letter
    const code = letter.charCodeAt(0)
    return String.fromCodePoint(code < 97 ? capital + code - 65 : small + code - 97)
  })
}

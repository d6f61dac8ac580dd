/** Where the words and pictures of a card stand on it, and how large it is. */
import type { Size } from '../../pictures/paper/sheet'
import type { Card, CardPicture } from './cards'

export interface FaceText {
  readonly text: string
  readonly kind: 'title' | 'sub' | 'showing'
  /** The top of the line. */
  readonly y: number
}

export interface FacePicture {
  readonly picture: CardPicture
  readonly x: number
  readonly y: number
}

export interface Face extends Size {
  readonly texts: readonly FaceText[]
  readonly pictures: readonly FacePicture[]
  /** The height of the hairline between weights and activation; -1 for none. */
  readonly line: number
}

/** Heights of a line of words, by kind; they are those of the style sheet. */
const LINES = { title: 17, sub: 15, showing: 14 } as const
/** Above the first picture, between pictures, and around the hairline. */
const GAP = { picture: 6, line: 8 } as const
const LONGEST_WORDS = 168
/** Words may reach into the gaps beside a card, where at their height there is no arrow. */
const OVERHANG = 26

/** How wide words are on the page. */
export type Measure = (text: string, kind: FaceText['kind']) => number

export function faceOf(card: Card, measure: Measure): Face {
  const texts: FaceText[] = []
  const drawn: { picture: CardPicture; y: number }[] = []
  let y = 0
  const write = (text: string, kind: FaceText['kind']) => {
    if (!text) return
    texts.push({ text, kind, y })
    y += LINES[kind]
  }
  const draw = (picture: CardPicture) => {
    y += GAP.picture
    drawn.push({ picture, y })
    y += picture.height
    if (picture.showing) y += 2
    write(picture.showing, 'showing')
  }
  write(card.title, 'title')
  write(card.sub, 'sub')
  card.weights.forEach(draw)
  let line = -1
  if (card.weights.length && card.activations.length) {
    line = y + GAP.line
    y = line + GAP.line - GAP.picture
  }
  card.activations.forEach(draw)
  const words = Math.max(...texts.map(({ text, kind }) => Math.min(LONGEST_WORDS, measure(text, kind))))
  const width = Math.ceil(Math.max(40, words - OVERHANG, ...drawn.map(({ picture }) => picture.width)))
  const pictures = drawn.map(({ picture, y: top }) => ({ picture, x: (width - picture.width) / 2, y: top }))
  return { width, height: Math.ceil(y), texts, pictures, line }
}

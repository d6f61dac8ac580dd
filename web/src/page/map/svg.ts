/** The map as one SVG that stands alone: words and arrows as vectors, every picture inside as a PNG. */
import { paint, type Ink, type Pixels } from '../../pictures/paper/paint'
import type { Palette } from '../../pictures/paper/palette'
import type { Block } from './colouring'
import { titleOf } from './cards'
import type { FaceText } from './face'
import { WIDTHS } from './flow'
import type { PlacedPicture, Scene } from './scene'

/** Everything that is drawn; `inkOf` gives null for a picture that the frame does not have. */
export interface Drawing {
  readonly scene: Scene
  readonly widths: readonly number[]
  readonly notes: readonly string[]
  readonly blocks: readonly Block[]
  /** What stands below each card; empty for nothing. */
  readonly below: readonly string[]
  /** The line at the foot: which run, which step, what the colours are. */
  readonly caption: string
  readonly title: string
  readonly palette: Palette
  readonly colours: Colours
  readonly inkOf: (picture: PlacedPicture) => Ink | null
  /** Pixels as the data URI of a PNG. */
  readonly encode: (pixels: Pixels) => string
}

/** Colours of the page, and its typeface. A variable of the style sheet in a block's colour is looked up in `variables`. */
export interface Colours {
  readonly paper: string
  readonly sheet: string
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly tint: string
  readonly live: string
  readonly edge: string
  readonly tip: string
  readonly font: string
  readonly variables: Readonly<Record<string, string>>
}

const MARGIN = 32
const FOOT = 26
/** Pixels of a picture for each of its lengths: sharp on a slide. */
const SHARPNESS = 2
const MOST_PIXELS = 1200
const FONTS: Readonly<Record<FaceText['kind'], readonly [size: number, weight: number]>> = {
  title: [12.5, 600],
  sub: [11, 400],
  showing: [10, 400],
}

export function svgOf(drawing: Drawing): string {
  const { scene, colours, caption, title } = drawing
  const width = Math.ceil(scene.placement.width + 2 * MARGIN)
  const height = Math.ceil(scene.placement.height + 2 * MARGIN + FOOT)
  const parts = [
    ...scene.frames.map(({ x, y, width, height, item }) => {
      const name = titleOf(item.group?.path ?? '')
      return (
        `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="12" fill="${colours.tint}"/>` +
        `<text x="${n(x + 16)}" y="${n(y + 19)}" font-size="12" fill="${colours.soft}"><tspan font-weight="600">${escape(name)}</tspan> ${escape(item.group?.type ?? '')}</text>`
      )
    }),
    ...scene.routes.map(({ path, tip }, i) => {
      const wide = drawing.widths[i] ?? WIDTHS.plain
      const head = `M${n(tip.x - 8)},${n(tip.y - 4 - wide / 2)}L${n(tip.x)},${n(tip.y)}L${n(tip.x - 8)},${n(tip.y + 4 + wide / 2)}Z`
      return `<path d="${path}" fill="none" stroke="${colours.edge}" stroke-width="${wide}"/><path d="${head}" fill="${colours.tip}"/>`
    }),
    ...scene.cards.map((_, i) => cardOf(drawing, i)),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${escape(colours.font)}">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${colours.paper}"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...parts,
    '</g>',
    `<text x="${MARGIN}" y="${height - 20}" font-size="11" fill="${colours.soft}">${escape(caption)}</text>`,
    '</svg>',
  ].join('\n')
}

function cardOf(drawing: Drawing, place: number): string {
  const { scene, colours, blocks, notes, below } = drawing
  const placed = scene.cards[place]
  if (!placed) return ''
  const { box, face, card, pictures } = placed
  const block = blocks[place]
  const top = face.pictures[0]?.y ?? 20
  const middle = box.x + box.width / 2
  const texts = face.texts.flatMap(({ text, kind, y }) => {
    if (block && kind === 'showing') return []
    const [size, weight] = FONTS[kind]
    const fill = kind === 'title' ? colours.ink : colours.soft
    return textAt(text, middle, box.y + y + size, {
      size,
      weight: card.isSmall ? Math.min(weight, 500) : weight,
      fill,
    })
  })
  const said = below[place]
  if (said)
    texts.push(textAt(said, middle, box.y + box.height + 16, { size: 12.5, weight: 600, fill: colours.ink }))
  const behind = card.isGroup && !block ? sheetsBehind(pictures[0], colours) : ''
  const body = block
    ? blockAt(
        block,
        { x: box.x, y: box.y + top, width: box.width, height: Math.max(12, box.height - top) },
        colours,
      )
    : pictures.map((picture) => imageOf(picture, drawing)).join('')
  const left = Math.min(box.width, ...face.pictures.map(({ x }) => x))
  const mark = notes[place]
    ? `<circle cx="${n(box.x + left)}" cy="${n(box.y + top)}" r="4.5" fill="${colours.live}" stroke="${colours.paper}" stroke-width="2"><title>${escape(notes[place] ?? '')}</title></circle>`
    : ''
  return `<g><title>${escape(card.name)}</title>${behind}${body}${texts.join('')}${mark}</g>`
}

function sheetsBehind(front: PlacedPicture | undefined, { line, sheet }: Colours): string {
  if (!front) return ''
  const { x, y, width, height } = front.placed
  return [6, 3]
    .map(
      (by) =>
        `<rect x="${n(x + by + 0.5)}" y="${n(y - by + 0.5)}" width="${n(width - 1)}" height="${n(height - 1)}" fill="${sheet}" stroke="${line}"/>`,
    )
    .join('')
}

interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function blockAt(
  { colour, figure, isDeep }: Block,
  { x, y, width, height }: Place,
  colours: Colours,
): string {
  const fill = colours.variables[colour] ?? colour
  const ink = isDeep ? colours.paper : colours.ink
  const words = figure
    ? textAt(figure, x + width / 2, y + height / 2 + 4, { size: 11, weight: 400, fill: ink })
    : ''
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="5" fill="${fill}"/>${words}`
}

/** A picture in whole pixels a cell, so that cells stay sharp however a viewer scales them. */
function imageOf(picture: PlacedPicture, { inkOf, palette, encode }: Drawing): string {
  const ink = inkOf(picture)
  if (!ink) return ''
  const { sheet, x, y, width, height } = picture.placed
  const isBars = sheet.kind === 'bars' || sheet.kind === 'columns'
  const along = (length: number, cells: number) =>
    Math.min(MOST_PIXELS, Math.max(1, Math.ceil((SHARPNESS * length) / cells)) * cells)
  const pixels = {
    width: along(width, Math.max(1, sheet.columns)),
    height: isBars ? Math.ceil(SHARPNESS * height) : along(height, Math.max(1, sheet.rows)),
  }
  const painted = { ...pixels, data: new Uint8ClampedArray(4 * pixels.width * pixels.height) }
  paint(sheet, ink, palette, painted)
  return `<image x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${encode(painted)}"/>`
}

function textAt(
  text: string,
  x: number,
  y: number,
  { size, weight, fill }: { readonly size: number; readonly weight: number; readonly fill: string },
): string {
  return `<text x="${n(x)}" y="${n(y)}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="middle">${escape(text)}</text>`
}

function n(value: number): string {
  return String(Math.round(10 * value) / 10)
}

/** Names come from strangers: nothing in them may end a text or begin an element. */
function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]|\p{Surrogate}/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

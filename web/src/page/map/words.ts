/** How wide words are in the typeface of the page. */
import type { Measure } from './face'

const FONTS = { title: '600 12.5px', sub: '11px', showing: '10px' } as const

let context: CanvasRenderingContext2D | null | undefined
let typeface = ''
const known = new Map<string, number>()

/** The width of a line in CSS pixels at zoom 1; where nothing measures, an estimate. */
export const wordWidth: Measure = (text, kind) => {
  const key = `${kind} ${text}`
  const before = known.get(key)
  if (before !== undefined) return before
  context ??= document.createElement('canvas').getContext('2d')
  typeface ||= getComputedStyle(document.body).fontFamily // asking again would lay the page out each time
  let width = text.length * 6.4
  if (context) {
    context.font = `${FONTS[kind]} ${typeface}`
    width = context.measureText(text).width
  }
  if (known.size > 5000) known.clear()
  known.set(key, width)
  return width
}

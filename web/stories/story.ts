/** What a picture story is: an image of something that the fixture holds, as the page would paint or draw it. */
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { baseOf, isChange, VEIL, type Look } from '../src/page/look'
import { changeLimitsOf, limitsOf, NO_LIMITS } from '../src/page/limits'
import { inkOf } from '../src/page/inking'
import { drawInput, type InputKind } from '../src/pictures/image'
import { pictureFor } from '../src/pictures/paper/choose'
import { paint, type Ink, type Pixels } from '../src/pictures/paper/paint'
import { PALETTES } from '../src/pictures/paper/palette'
import type { Sheet, Size } from '../src/pictures/paper/sheet'
import { ProbeRow } from '../src/page/probes/row'
import type { TensorEntry } from '../src/run/manifest'
import { codesIn, type Frame, type Run } from '../src/run/run'
import type { Inks } from '../src/page/theme.svelte'
import { openFixture } from '../src/testing/fixture'

type Theme = keyof typeof PALETTES

/** What is painted, and how large a cell is; a cell need not be square. */
export interface Drawn {
  readonly sheet: Sheet
  readonly ink: Ink
}

export interface Paper {
  readonly theme?: Theme
  /** The pixels of a cell. */
  readonly cell: Size
}

/** An image, and the share of its pixels that may differ: edges and letters are drawn a little otherwise elsewhere. */
export interface Told extends Pixels {
  readonly tolerance?: number
}

export type Story = () => Promise<Told>

/** A story of anything that can be drawn of the fixture. */
export function story(paper: Paper, draw: (run: Run) => Promise<Drawn>): Story {
  return async () => {
    const { sheet, ink } = await draw(await openFixture('packed'))
    const [width, height] = [sheet.columns * paper.cell.width, sheet.rows * paper.cell.height]
    const pixels = { width, height, data: new Uint8ClampedArray(4 * width * height) }
    paint(sheet, ink, PALETTES[paper.theme ?? 'light'], pixels)
    return pixels
  }
}

export interface Shot extends Paper {
  /** The key of a tensor: `weight/conv.weight`. */
  readonly tensor: string
  readonly frame: number
  readonly probe?: number
  /** The room that the sheet is laid out for. */
  readonly room?: Size
  /** How it is looked at against another frame; an onion skin lays the first one over. */
  readonly look?: Look
}

/** A story of one tensor in one frame, with the picture type that suits it best. */
export function tensorStory({ tensor: key, frame: index, probe = 0, ...shot }: Shot): Story {
  return story(shot, async (run) => {
    const tensor = run.manifest.tensors.find((candidate) => candidate.key === key)
    if (!tensor) throw new Error(`the fixture has no ${key}`)
    const { look = 'values' } = shot
    const frame = await run.frame(index, [tensor.role])
    const against = baseOf({ look, skin: 0 }, index, run.frames.count - 1)
    const base = against < 0 ? null : await run.frame(against, [tensor.role])
    const isDifference = base && isChange(look)
    const limit = isDifference
      ? changeLimitsOf(run, [{ base, frame }])
      : limitsOf(run, NO_LIMITS, false).values
    const inking = inkOf(tensor, { frame, base }, run, limit[tensor.index] ?? 0)
    const veil = isDifference ? 0 : VEIL
    const before = base && { codes: rowOf(base, tensor, run), gain: inking.baseGain, veil }
    const subject = { tensor, probe, probes: run.manifest.probes.count }
    return {
      sheet: pictureFor(tensor).draw(subject, shot.room ?? { width: 150, height: 116 }),
      ink: { ...inking, codes: rowOf(frame, tensor, run), base: before },
    }
  })
}

function rowOf(frame: Frame, tensor: TensorEntry, run: Run): Int16Array {
  const row = codesIn(frame, tensor, run) && frame.codes[tensor.role]
  if (!row) throw new Error(`frame ${frame.index} has no picture of ${tensor.key}`)
  return row
}

/** A story of the input of a probe, looked at as the page does, or in another way. */
export function inputStory(shot: Paper & { readonly probe: number; readonly kind?: InputKind }): Story {
  return story(shot, async (run) => {
    const [input] = run.manifest.probes.inputs
    if (!input) throw new Error('the fixture has no input')
    const row = new ProbeRow(run.manifest.probes, await run.inputs(), 0)
    const kind = shot.kind ?? row.inputKind(0)
    return {
      sheet: drawInput(input, kind, shot.probe, row.inputStart(0), { width: 100, height: 100 }),
      ink: { ...row.inputInk(0), codes: row.codes, base: null },
    }
  })
}

const FONT = 'Story'
const INTER = new URL('../node_modules/@fontsource/inter/files/inter-latin-400-normal.woff2', import.meta.url)

/** What a drawn story is told with: the colours of its theme, and a font that is the same on every machine. */
export interface Pens {
  readonly theme: Theme
  readonly inks: Inks
}

/** The colours of a theme, as the style sheet of the page has them. */
function inksOf(theme: Theme): Readonly<Record<string, string>> {
  const sheet = readFileSync(new URL('../src/page/style.css', import.meta.url), 'utf8')
  const rule = sheet.split('}')[theme === 'light' ? 0 : 1] ?? ''
  const found = [...rule.matchAll(/--([a-z]+): ([^;]+);/g)]
  return Object.fromEntries(found.map(([, name = '', colour = '']) => [name, colour]))
}

/** A story of what is drawn on a canvas, whose unit is the CSS pixel. */
export function drawnStory(
  { theme = 'light', ...size }: Size & { readonly theme?: Theme },
  draw: (context: CanvasRenderingContext2D, run: Run, pens: Pens) => Promise<void> | void,
): Story {
  return async () => {
    if (!GlobalFonts.has(FONT)) GlobalFonts.registerFromPath(fileURLToPath(INTER), FONT)
    const context = createCanvas(size.width, size.height).getContext('2d')
    const { paper = '', ...inks } = inksOf(theme)
    context.fillStyle = paper
    context.fillRect(0, 0, size.width, size.height)
    // The same interface as a browser's, less what needs a document.
    await draw(context as unknown as CanvasRenderingContext2D, await openFixture('packed'), {
      theme,
      inks: { ...inks, font: FONT } as Inks,
    })
    const { data } = context.getImageData(0, 0, size.width, size.height)
    return { ...size, data: new Uint8ClampedArray(data), tolerance: 0.01 }
  }
}

/** What a picture story is: an image of something that the fixture holds, as the page would paint it. */
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

export type Story = () => Promise<Pixels>

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

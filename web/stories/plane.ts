/** Stories of the input space, told of the committed run of a model with two inputs. */
import { createCanvas } from '@napi-rs/canvas'
import { drawPlane, washOf } from '../src/pictures/space'
import { PALETTES } from '../src/pictures/paper/palette'
import { readingOf, unitOf } from '../src/page/space/answer'
import { mapLimits } from '../src/page/space/limits'
import { pointsOf, shadeAnswer, shadeUnit } from '../src/page/space/plane'
import { openSpace } from '../src/testing/space'
import { drawnStory, type Story } from './story'

const SIZE = { width: 300, height: 300 }

interface Shot {
  readonly theme: 'light' | 'dark'
  readonly frame: number
  /** The unit that is looked at, with the first frame laid over; what is answered without one. */
  readonly unit?: string
}

export function planeStory({ theme, frame, unit: name = '' }: Shot): Story {
  return drawnStory({ ...SIZE, theme }, async (context, _, { inks }) => {
    const run = await openSpace()
    const { space, probes } = run.manifest
    const [{ space: row }, { space: first }] = [
      await run.frame(frame, ['space']),
      await run.frame(0, ['space']),
    ]
    const reading = readingOf(run.manifest)
    if (!space || !row || !reading) throw new Error('the fixture has no input space')
    const unit = unitOf(space, name)
    const { side } = unit?.layer ?? reading.layer
    const shading = createCanvas(side, side)
    const pixels = shading.getContext('2d').createImageData(side, side)
    const palette = PALETTES[theme]
    const moment = { row, base: unit ? first : null, look: unit ? 'skin' : 'values' } as const
    const limit = (await mapLimits(run))[unit ? unit.layer.firstMap + unit.index : 0] ?? 0
    const lines = unit
      ? shadeUnit(unit, moment, limit, { wash: washOf(palette), palette }, pixels.data)
      : shadeAnswer(reading, moment, theme, palette, pixels.data)?.lines
    shading.getContext('2d').putImageData(pixels, 0, 0)
    const [inputs] = await run.inputs()
    const plane = {
      shading: shading as unknown as CanvasImageSource,
      side,
      contours: lines?.now ?? [],
      contoursBefore: lines?.before ?? [],
      points: pointsOf(space, probes, inputs, [], 2, theme, inks.ink),
    }
    drawPlane(context, plane, SIZE, inks)
  })
}

/** A long valley, with the path of a training that comes down into it and turns along its floor; a corner is not finite. */
import { drawContours, drawPath, paintGround } from '../src/pictures/landscape'
import { PALETTES } from '../src/pictures/paper/palette'
import { RAMPS } from '../src/pictures/paper/ramp'
import { drawnStory } from './story'

const SIZE = { width: 280, height: 280 }
const POINTS = 21

export default drawnStory(SIZE, (context, _, { inks, theme }) => {
  const loss = Float64Array.from({ length: POINTS ** 2 }, (_, i) => {
    const [x, y] = [(i % POINTS) / 10 - 1, Math.floor(i / POINTS) / 10 - 1]
    return x > 0.75 && y > 0.75 ? NaN : 0.02 + 3 * (y + 0.3 - 0.4 * x) ** 2 + 0.4 * (x - 0.4) ** 2
  })
  const ground = { side: POINTS, loss, low: 0.02, high: 6 }
  const colours = { ink: inks.ink, paper: inks.sheet, accent: inks.accent, font: inks.font }
  const pixels = context.createImageData(SIZE.width, SIZE.height)
  paintGround(ground, RAMPS[theme], PALETTES[theme], pixels)
  context.putImageData(pixels, 0, 0)
  drawContours(context, ground, SIZE, colours)
  const path = Array.from({ length: 40 }, (_, i) => [
    30 + 4 * i,
    60 + 130 * (1 - Math.exp(-i / 6)) - 0.8 * i,
  ]).flat()
  drawPath(context, path, 14, colours)
})

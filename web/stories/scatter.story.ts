/** Points of four classes on the plane, one chosen, each with the way that it came. */
import { classColour } from '../src/pictures/paper/classes'
import { drawScatter, type Dot } from '../src/pictures/scatter'
import { drawnStory } from './story'

const SIZE = { width: 250, height: 250 }

/** A quarter of a turn around the middle, the last place of which is where it is now. */
function way(dot: number): readonly number[] {
  const turn = (dot / 7) * 2 * Math.PI
  return Array.from({ length: 12 }, (_, i) => [
    (0.3 + 0.06 * i) * Math.cos(turn + 0.12 * i),
    (0.3 + 0.06 * i) * Math.sin(turn + 0.12 * i),
  ]).flat()
}

export default drawnStory(SIZE, (context, _, { inks, theme }) => {
  const dots = Array.from({ length: 7 }, (_, dot): Dot => ({
    way: way(dot),
    colour: classColour(dot % 4, theme),
    label: String(dot % 4),
    isChosen: dot === 2,
  }))
  const bounds = { left: -1.1, right: 1.1, bottom: -1.1, top: 1.1 }
  drawScatter(context, dots, bounds, SIZE, { ink: inks.ink, paper: inks.sheet, font: inks.font })
})

/** The loss of three runs over each other: told apart by colour, dashes and name, a point where each one's clock stands. */
import { drawOverlay } from '../src/pictures/overlay'
import { lineOf } from '../src/page/compare/lines'
import { drawnStory } from './story'

const SIZE = { width: 420, height: 180 }
const at = Array.from({ length: 60 }, (_, i) => 5 * i)

export default drawnStory(SIZE, (context, _, { inks }) => {
  const lines = ['with norm', 'plain', 'slow'].map((label, place) => ({
    label,
    ...lineOf(place, 'light'),
    at: at.slice(0, 60 - 12 * place),
    values: at.slice(0, 60 - 12 * place).map((step) => 2.3 * Math.exp(-step / (40 + 60 * place)) + 0.01),
    now: 100,
  }))
  drawOverlay(context, lines, SIZE, inks)
})

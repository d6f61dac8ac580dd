/** Of three classes, two mistaken for each other: what is right lies on the diagonal. */
import { drawConfusion } from '../src/pictures/confusion'
import { drawnStory } from './story'

const SIZE = { width: 200, height: 200 }

export default drawnStory(SIZE, (context, _, { inks }) => {
  const counts = [9, 0, 0, 1, 6, 3, 0, 4, 5]
  drawConfusion(context, counts, ['cat', 'dog', 'fox'], SIZE, { ...inks, paper: inks.sheet })
})

/** The first frame laid over the ninth, translucent: what stayed keeps its colour, what turned is a mixture. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'weight/conv.weight',
  frame: 8,
  look: 'skin',
  cell: { width: 12, height: 12 },
})

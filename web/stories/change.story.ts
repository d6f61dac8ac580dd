/** What changed in a kernel since the first frame: the difference of two frames, each with a scale of its own. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'weight/conv.weight',
  frame: 2,
  look: 'start',
  cell: { width: 12, height: 12 },
})

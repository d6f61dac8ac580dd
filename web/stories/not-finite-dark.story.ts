/** The same gradient on dark paper. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'gradient/conv.weight',
  frame: 3,
  cell: { width: 16, height: 16 },
  theme: 'dark',
})

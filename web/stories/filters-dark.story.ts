/** The same kernels on dark paper: zero is dark, and both ends are lighter. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'weight/conv.weight',
  frame: 19,
  cell: { width: 12, height: 12 },
  theme: 'dark',
})

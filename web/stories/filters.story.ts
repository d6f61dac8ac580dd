/** The four 3 × 3 kernels of a convolution, one tile each: blue below zero, orange above, paper at zero. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'weight/conv.weight',
  frame: 19,
  cell: { width: 12, height: 12 },
})

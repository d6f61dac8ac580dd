/** A gradient with NaN, +∞ and −∞ in its first row: stripes, whatever the other values are. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'gradient/conv.weight',
  frame: 3,
  cell: { width: 16, height: 16 },
})

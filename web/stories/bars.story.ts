/** A bias, a bar for each value: up from the middle line above zero, down below. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'weight/fc.bias',
  frame: 19,
  cell: { width: 14, height: 80 },
})

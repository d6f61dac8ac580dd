/** A linear weight, a row for each of its 10 outputs: 400 of its 800 columns, as every frame keeps them. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'weight/fc.weight',
  frame: 8,
  cell: { width: 2, height: 10 },
})

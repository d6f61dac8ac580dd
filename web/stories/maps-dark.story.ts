/** The same four feature maps in one row, because their room is wide, on dark paper. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'activation/conv',
  frame: 10,
  probe: 1,
  room: { width: 600, height: 100 },
  cell: { width: 8, height: 8 },
  theme: 'dark',
})

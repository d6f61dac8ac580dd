/** What a convolution made of the second probe: its four feature maps as a sheet of tiles. */
import { tensorStory } from './story'

export default tensorStory({
  tensor: 'activation/conv',
  frame: 10,
  probe: 1,
  cell: { width: 8, height: 8 },
})

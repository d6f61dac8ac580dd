/** The first probe as a drawing: its darkest value is paper, and ink gets darker from the top to the bottom. */
import { inputStory } from './story'

export default inputStory({ probe: 0, kind: 'drawing', cell: { width: 10, height: 10 } })

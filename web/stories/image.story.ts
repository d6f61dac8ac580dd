/** The first probe as an image: a ramp of grey from its top left, black only where all probes are darkest. */
import { inputStory } from './story'

export default inputStory({ probe: 0, cell: { width: 10, height: 10 } })

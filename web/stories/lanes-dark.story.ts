/** The same lanes on dark paper. */
import { lanesStory } from './lanes'

export default lanesStory('dark')

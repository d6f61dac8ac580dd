/** Two probes: one learned, lost and learned again; one that stays wrong, and says what it is read as. */
import { lanesStory } from './lanes'

export default lanesStory('light')

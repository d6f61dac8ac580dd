/** A hidden unit of the same network on dark paper, laid over what it was at the start. */
import { planeStory } from './plane'

export default planeStory({ theme: 'dark', frame: 3, unit: '1/2' })

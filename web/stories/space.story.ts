/** What a small network answers on the plane after 60 steps: four clouds of points, two classes, crosswise. */
import { planeStory } from './plane'

export default planeStory({ theme: 'light', frame: 5 })

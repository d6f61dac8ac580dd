/** The gradient norm of each weight matrix of the fixture over its frames, one frame of one layer not finite. */
import { drawHeat } from '../src/pictures/heat'
import { PALETTES } from '../src/pictures/paper/palette'
import { RAMPS } from '../src/pictures/paper/ramp'
import { byDepth, matrixOf, shareOn } from '../src/page/curves/depth'
import { openFixture } from '../src/testing/fixture'
import type { Story } from './story'

const story: Story = async () => {
  const { manifest, statistics } = await openFixture('packed')
  const tensors = byDepth(manifest, 'gradient')
  const { values, scale } = matrixOf('gradient', tensors, statistics)
  const shares = values.map((value) => shareOn(value, scale))
  const [width, height] = [240, 18 * tensors.length]
  const edges = Array.from({ length: statistics.count + 1 }, (_, frame) => (frame * width) / statistics.count)
  const pixels = { width, height, data: new Uint8ClampedArray(4 * width * height) }
  drawHeat({ rows: tensors.length, shares, edges }, RAMPS.light, PALETTES.light, pixels)
  return pixels
}
export default story

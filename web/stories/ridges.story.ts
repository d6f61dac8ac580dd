/** The values of a weight over twenty frames, the first at the back; the tenth is marked, as the page marks the one shown. */
import { drawHighlight, drawRidges, rangeOf, ridgeOf, tallestOf } from '../src/pictures/ridges'
import { codesIn } from '../src/run/run'
import { drawnStory } from './story'

const SIZE = { width: 260, height: 170 }

export default drawnStory(SIZE, async (context, run, { inks }) => {
  const tensor = run.manifest.tensors.find(({ key }) => key === 'weight/fc.weight')
  if (!tensor) throw new Error('the fixture has no such tensor')
  const moments = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => ({
      codes: codesIn(await run.frame(index, ['weight']), tensor, run) ?? new Int16Array(),
      scale: run.statistics.at(index, tensor.index, 'scale'),
    })),
  )
  const range = rangeOf(moments, 0)
  const ridges = moments.map(({ codes, scale }) => ridgeOf(codes, scale, range))
  const colours = { ...inks, paper: inks.sheet }
  drawRidges(context, ridges, tallestOf(ridges), SIZE, colours)
  const [tenth] = ridges.slice(9)
  if (tenth) drawHighlight(context, tenth, 9 / 19, tallestOf(ridges), SIZE, colours)
})

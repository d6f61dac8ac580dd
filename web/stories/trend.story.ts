/** A mean with the spread around it, which falls and has a gap where nothing was measured; something was said of it twice. */
import { drawTrend, trendScale } from '../src/pictures/trend'
import { drawnStory } from './story'

const SIZE = { width: 260, height: 44 }

export default drawnStory(SIZE, (context, _, { inks }) => {
  const x = Array.from({ length: 80 }, (_, i) => (i / 79) * SIZE.width)
  const values = x.map((_, i) => (i > 30 && i < 36 ? NaN : Math.exp(-i / 25) + 0.05 * Math.sin(i)))
  const spread = x.map((_, i) => 0.3 * Math.exp(-i / 40))
  const scale = trendScale(values, spread)
  const trend = { x, values, spread, scale, marks: [60, 180] }
  drawTrend(context, trend, SIZE, { ink: inks.ink, line: inks.line, mark: inks.live })
})

/** The lanes of two probes, drawn in either theme. */
import { drawLanes, type Lane } from '../src/pictures/lanes'
import { drawnStory, type Story } from './story'

const SIZE = { width: 420, height: 84 }

const x = Array.from({ length: 43 }, (_, frame) => 10 * frame)

const LANES: readonly Lane[] = [
  {
    x,
    shares: x.map((at) => (at < 60 ? 0.1 : at > 200 && at < 260 ? 0.3 : 0.95 - 20 / at)),
    stretches: [
      { from: 0, to: 60, isRight: false, said: '8' },
      { from: 60, to: 200, isRight: true, said: '3' },
      { from: 200, to: 260, isRight: false, said: 'cat' },
      { from: 260, to: 420, isRight: true, said: '3' },
    ],
  },
  {
    x,
    shares: x.map((at) => (at < 20 ? NaN : 0.05 + at / 1200)),
    stretches: [{ from: 20, to: 420, isRight: false, said: '9' }],
  },
]

export function lanesStory(theme: 'light' | 'dark'): Story {
  return drawnStory({ ...SIZE, theme }, (context, _, { inks }) => {
    drawLanes(context, LANES, SIZE, inks)
  })
}

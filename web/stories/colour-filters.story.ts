/** Filters that read a photograph, as colours: grey at zero, and a stripe where one of the three is not finite. */
import { colourInk } from '../src/page/layer/ways'
import { drawColourFilters } from '../src/pictures/filters'
import { encode, LARGEST, NOT_A_NUMBER } from '../src/run/codes'
import { tensorOf } from '../src/testing/tensors'
import { story } from './story'

export default story({ cell: { width: 10, height: 10 } }, () => {
  const tensor = tensorOf({ shape: [6, 3, 5, 5] })
  const values = Array.from({ length: tensor.count }, (_, i) => {
    const [filter, channel, row, column] = [
      Math.floor(i / 75),
      Math.floor(i / 25) % 3,
      Math.floor(i / 5) % 5,
      i % 5,
    ]
    return Math.sin(0.8 * (filter % 2 ? row : column) + 2 * channel + filter) * (filter / 5)
  })
  const { codes } = encode(values)
  codes[5 * 75 + 25 + 12] = NOT_A_NUMBER
  const { gain, bias } = colourInk({ gain: 1 / LARGEST, bias: 0, baseGain: NaN })
  return Promise.resolve({
    sheet: drawColourFilters(tensor, { width: 180, height: 110 }),
    ink: { codes, gain, bias, base: null },
  })
})

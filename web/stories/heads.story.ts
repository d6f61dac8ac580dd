/** Packed attention weights: queries, keys and values side by side, a row for each of four heads. */
import { pictureFor } from '../src/pictures/paper/choose'
import { encode, LARGEST } from '../src/run/codes'
import { tensorOf } from '../src/testing/tensors'
import { story } from './story'

export default story({ cell: { width: 6, height: 6 } }, () => {
  const tensor = tensorOf({ name: 'attn.in_proj_weight', shape: [48, 16] })
  // Each head of each part has a slope of its own, so that one sees where it ends.
  const values = Array.from({ length: tensor.count }, (_, i) => {
    const [row, column] = [Math.floor(i / 16), i % 16]
    return Math.cos(0.4 * column + Math.floor(row / 4)) * (1 - (row % 4) / 5)
  })
  return Promise.resolve({
    sheet: pictureFor(tensor).draw({ tensor, probe: 0, probes: 0, heads: 4 }, { width: 300, height: 200 }),
    ink: { codes: encode(values).codes, gain: 1 / LARGEST, bias: 0, base: null },
  })
})

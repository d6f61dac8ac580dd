/** A vector of ten units that a layer made of a probe: one row of cells. */
import { pictureFor } from '../src/pictures/paper/choose'
import { encode, LARGEST } from '../src/run/codes'
import { tensorOf } from '../src/testing/tensors'
import { story } from './story'

export default story({ cell: { width: 12, height: 12 } }, async (run) => {
  const { outputs } = await run.frame(6, [])
  const tensor = tensorOf({ role: 'activation', shape: [2, 10] })
  const { codes } = encode((outputs ?? new Float32Array()).map((value, i) => value * (-1) ** i))
  return {
    sheet: pictureFor(tensor).draw({ tensor, probe: 0, probes: 2 }, { width: 132, height: 84 }),
    ink: { codes, gain: 1 / LARGEST, bias: 0, base: null },
  }
})

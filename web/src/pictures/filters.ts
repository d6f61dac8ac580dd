/** The kernels of a convolution as a sheet of small tiles, the classic look into a network. */
import type { TensorEntry } from '../run/manifest'
import { times, type Picture } from './paper/picture'
import { arrange, tiled, type Sheet, type Size } from './paper/sheet'

/** Output channels, input channels, kernel height and width. */
interface Kernels {
  readonly outputs: number
  readonly inputs: number
  readonly height: number
  readonly width: number
}

/** By so much (as a logarithm) another order has to fit its place better to be taken. */
const WORTH_IT = 0.35

export const picture: Picture = {
  name: 'filters',

  suits(tensor) {
    const { height, width } = kernelsOf(tensor)
    return tensor.role !== 'activation' && tensor.kept.length >= 3 && height * width > 1 ? 2 : 0
  },

  draw({ tensor }, size) {
    const kernels = kernelsOf(tensor)
    // A column or a row a filter is the clearer order, unless it makes the sheet too long for its place.
    const sheets = [columnAFilter(tensor, kernels), rowAFilter(tensor, kernels), flat(tensor, kernels, size)]
    return sheets.reduce((best, sheet) =>
      misfit(sheet, size) < misfit(best, size) - WORTH_IT ? sheet : best,
    )
  },

  caption(tensor) {
    const [outputs = 1, inputs = 1, ...kernel] = tensor.shape
    return `${inputs === 1 ? outputs : `${outputs} × ${inputs}`} filters ${times(kernel)}`
  },
}

/** Filters of three inputs, each one tile whose colour is the three values: what it looks for in a photograph. */
export function drawColourFilters(tensor: TensorEntry, size: Size): Sheet {
  const { outputs, height, width } = kernelsOf(tensor)
  return tiled({
    kind: 'rgb',
    start: tensor.offset,
    tiles: outputs,
    across: arrange(outputs, width, height, 1, size),
    tileRows: height,
    tileColumns: width,
    gap: 1,
    steps: {
      tileAcross: 3 * height * width,
      tileDown: 3 * height * width * arrange(outputs, width, height, 1, size),
      channel: height * width,
    },
  })
}

function kernelsOf(tensor: TensorEntry): Kernels {
  const [outputs = 1, inputs = 1, ...kernel] = tensor.kept
  const width = kernel.at(-1) ?? 1
  const height = kernel.at(-2) ?? 1
  const depth = kernel.slice(0, -2).reduce((product, length) => product * length, 1) // of a 3-D convolution
  return { outputs, inputs: inputs * depth, height, width }
}

/** All tiles in reading order; the inputs of one filter stay side by side. */
function flat(tensor: TensorEntry, { outputs, inputs, height, width }: Kernels, size: Size): Sheet {
  const filters = arrange(outputs, inputs * (width + 1), height + 1, 0, size)
  const across = Math.min(filters * inputs, outputs * inputs)
  return tiled({
    start: tensor.offset,
    tiles: outputs * inputs,
    across,
    tileRows: height,
    tileColumns: width,
    gap: 1,
  })
}

/** A column for each filter, a row for each of its inputs. */
function columnAFilter(tensor: TensorEntry, { outputs, inputs, height, width }: Kernels): Sheet {
  const kernel = height * width
  return tiled({
    start: tensor.offset,
    tiles: outputs * inputs,
    across: outputs,
    tileRows: height,
    tileColumns: width,
    gap: 1,
    steps: { tileAcross: inputs * kernel, tileDown: kernel },
  })
}

/** A row for each filter, a column for each of its inputs. */
function rowAFilter(tensor: TensorEntry, { outputs, inputs, height, width }: Kernels): Sheet {
  return tiled({
    start: tensor.offset,
    tiles: outputs * inputs,
    across: inputs,
    tileRows: height,
    tileColumns: width,
    gap: 1,
  })
}

function misfit(sheet: Sheet, size: Size): number {
  return Math.abs(Math.log(sheet.columns / sheet.rows / (size.width / size.height)))
}

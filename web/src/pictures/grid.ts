/** Two-dimensional values as a heat map: a row for each output, a column for each input. */
import { times, type Picture } from './paper/picture'
import { matrix } from './paper/sheet'

export const picture: Picture = {
  name: 'grid',

  suits: (tensor) => (tensor.role === 'activation' ? 0.1 : tensor.kept.length >= 2 ? 1 : 0.1),

  /** Axes beyond the second are laid along the row: a 1 × 1 convolution is a matrix. */
  draw({ tensor }) {
    const [rows = 1, ...others] = tensor.kept
    return matrix(
      tensor.offset,
      rows,
      others.reduce((product, length) => product * length, 1),
    )
  },

  caption: (tensor) => times(tensor.shape.filter((length, axis) => axis < 2 || length > 1)) || 'one value',
}

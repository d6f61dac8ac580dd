/** One-dimensional values (biases, the scales of a normalisation) as bars from a middle line. */
import { times, type Picture } from './paper/picture'
import { matrix } from './paper/sheet'

export const picture: Picture = {
  name: 'bars',

  suits: (tensor) => (tensor.role !== 'activation' && tensor.kept.length <= 1 ? 2 : 0),

  draw: ({ tensor }) => matrix(tensor.offset, 1, tensor.count, 'bars'),

  caption: (tensor) => (tensor.shape.length ? `${times(tensor.shape)} values` : 'one value'),
}

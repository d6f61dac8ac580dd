/** From a place in a picture to the place in the whole tensor. */
import type { TensorEntry } from '../../run/manifest'

/** The index in the whole tensor of a kept value, by its place in the flat row: kept index × stride. */
export function indexOf(tensor: TensorEntry, place: number): readonly number[] {
  const index: number[] = []
  let rest = place - tensor.offset
  for (let axis = tensor.kept.length - 1; axis >= 0; axis--) {
    const length = tensor.kept[axis] ?? 1
    index.unshift((rest % length) * (tensor.strides[axis] ?? 1))
    rest = Math.floor(rest / length)
  }
  return index
}

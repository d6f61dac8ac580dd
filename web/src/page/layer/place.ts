/** From a place in a picture to the place in the whole tensor. */
import type { Manifest, TensorEntry } from '../../run/manifest'

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

/** What each axis of a tensor counts, as far as its layer tells: `filter`, `input`, `row`, `column`. */
export function axesOf(tensor: TensorEntry, type: string): readonly string[] {
  const { shape, role } = tensor
  if (role === 'activation') {
    const inner = shape.slice(1)
    if (/softmax|attention/i.test(type) && inner.length === 3) return ['probe', 'head', 'from', 'to']
    if (inner.length === 3) return ['probe', 'channel', 'row', 'column']
    if (inner.length === 2) return ['probe', 'position', 'unit']
    return inner.length === 1 ? ['probe', 'unit'] : []
  }
  if (/^Conv[123]d$/.test(type) && shape.length > 2) {
    const kernel = ['depth', 'row', 'column'].slice(-(shape.length - 2))
    return ['filter', 'input', ...kernel]
  }
  if (type === 'Embedding' && shape.length === 2) return ['entry', 'value']
  if (shape.length === 2) return type === 'Linear' ? ['output', 'input'] : ['row', 'column']
  return shape.length === 1 ? ['unit'] : []
}

/** `filter 3, input 0, row 2, column 4`; empty where the axes have no names. */
export function wordsOf(index: readonly number[], axes: readonly string[]): string {
  return axes.length === index.length ? index.map((n, axis) => `${axes[axis] ?? ''} ${n}`).join(', ') : ''
}

/** The class that a row of the last layer answers for, or an entry of an embedding stands for; empty where none is known. */
export function classOf(tensor: TensorEntry, index: readonly number[], manifest: Manifest): string {
  const { classes } = manifest.probes
  const axis = tensor.role === 'activation' ? index.length - 1 : 0
  if (!classes.length || tensor.shape[axis] !== classes.length) return ''
  const { nodes, edges } = manifest.graph
  const outputs = new Set(nodes.flatMap(({ id, kind }) => (kind === 'output' ? [id] : [])))
  const isLast = (id: string) => edges.some(({ source, target }) => source === id && outputs.has(target))
  const name = tensor.name.replace(/\/[^/]*$/, '')
  const isAnswer = nodes.some(
    ({ id, type, tensors }) =>
      (tensor.role === 'activation' ? id === tensor.name : tensors.includes(name)) &&
      (isLast(id) || type === 'Embedding'),
  )
  return isAnswer ? (classes[index[axis] ?? -1] ?? '') : ''
}

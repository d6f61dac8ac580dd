/** The layers of a network to walk through, and how far each has moved. */
import type { GraphNode } from '../../run/graph'
import type { Manifest, TensorEntry } from '../../run/manifest'
import { codesIn, type Frame, type Run } from '../../run/run'
import { valueOf } from '../../run/codes'

export interface Layer {
  readonly id: string
  readonly type: string
  /** The path of the module it stands in; empty at the top. */
  readonly group: string
  /** Its name within that group. */
  readonly title: string
  readonly weights: readonly TensorEntry[]
}

/** Every node of which something was recorded, in the order in which they run. */
export function layersOf({ graph, tensors }: Manifest): readonly Layer[] {
  const byKey = new Map(tensors.map((tensor) => [tensor.key, tensor]))
  return graph.nodes.flatMap((node): Layer[] => {
    const weights = node.tensors.flatMap((name) => byKey.get(`weight/${name}`) ?? [])
    if (!weights.length && !byKey.has(`activation/${node.id}`)) return []
    return [{ id: node.id, type: node.type, group: node.group, title: titleOf(node), weights }]
  })
}

function titleOf({ id, group }: GraphNode): string {
  return group && (id.startsWith(`${group}.`) || id.startsWith(`${group}/`)) ? id.slice(group.length + 1) : id
}

/**
 * How far the weights of each layer are from where they began, as a share of how long they were: ‖w − w₀‖ / ‖w₀‖.
 *
 * From the values that the run keeps of both frames; of a thinned tensor they stand for the rest of it, in proportion.
 * NaN for a layer without weights, or of which a frame has no picture; ∞ for one that began at 0.
 */
export function movementOf(run: Run, layers: readonly Layer[], first: Frame, last: Frame): readonly number[] {
  return layers.map(({ weights }) => {
    if (!weights.length) return NaN
    let [moved, length] = [0, 0]
    for (const tensor of weights) {
      const [change, before] = squaresOf(run, tensor, first, last)
      const each = tensor.count > 0 ? tensor.size / tensor.count : 0
      moved += each * change
      length += each * before
    }
    return moved === 0 && length === 0 ? NaN : Math.sqrt(moved / length)
  })
}

/** The sums of squares of what changed, and of what there was; of places that are finite in both frames. */
function squaresOf(run: Run, tensor: TensorEntry, first: Frame, last: Frame): readonly [number, number] {
  const [before, after] = [codesIn(first, tensor, run), codesIn(last, tensor, run)]
  if (!before || !after) return [NaN, NaN]
  const scaleBefore = run.statistics.at(first.index, tensor.index, 'scale')
  const scaleAfter = run.statistics.at(last.index, tensor.index, 'scale')
  let [moved, length] = [0, 0]
  for (let i = 0; i < after.length; i++) {
    const from = valueOf(before[i] ?? 0, scaleBefore)
    const change = valueOf(after[i] ?? 0, scaleAfter) - from
    if (!Number.isFinite(change)) continue
    moved += change * change
    length += from * from
  }
  return [moved, length]
}

/** The place of the layer that moved most; -1 where none is known to have moved. */
export function mostMoved(movement: readonly number[]): number {
  return movement.reduce(
    (best, share, i) => (share > (best < 0 ? 0 : (movement[best] ?? 0)) && share < Infinity ? i : best),
    -1,
  )
}

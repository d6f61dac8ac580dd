/**
 * How much flows along an edge: the norm of the activation at its source, for the chosen probe, per value (the root of
 * the mean square), so that a thinned picture and a whole one, a wide layer and a narrow one stand on the same scale.
 */
import { ofProbe } from '../../pictures/activation'
import { limitOf } from '../../pictures/paper/scale'
import { LARGEST } from '../../run/codes'
import type { TensorEntry } from '../../run/manifest'
import { codesIn, scaleIn, type Frame, type Run } from '../../run/run'

/** Widths of an edge (CSS pixels at zoom 1): of one that nothing is known of, of nothing, and of the most. */
export const WIDTHS = { plain: 1.4, least: 1, most: 9 } as const

/** The norm per value of a probe's activation in a frame; NaN where the frame has none. */
export function flowOf(tensor: TensorEntry, frame: Frame, run: Run, probe: number): number {
  const codes = codesIn(frame, tensor, run)
  if (!codes) return NaN
  const { start, kept } = ofProbe({ tensor, probe, probes: run.manifest.probes.count })
  const first = start - tensor.offset
  const count = kept.reduce((product, length) => product * length, 1)
  if (count === 0) return NaN
  let sum = 0
  for (let i = first; i < first + count; i++) {
    const code = codes[i] ?? 0
    if (Math.abs(code) <= LARGEST) sum += code * code // beyond stand codes for what is not finite
  }
  return Math.sqrt(sum / count) * scaleIn(frame, tensor, run)
}

/** Where the scale of all edges ends, for the whole run: one scale, so that what thickens is learning. */
export function flowLimit(run: Run): number {
  const activations = run.manifest.tensors.filter(({ role, count }) => role === 'activation' && count > 0)
  const largest = Array.from({ length: run.statistics.count }, (_, frame) =>
    activations.reduce((most, { index, count }) => {
      const norm = run.statistics.at(frame, index, 'norm') / Math.sqrt(count)
      return norm > most && norm < Infinity ? norm : most
    }, 0),
  )
  return limitOf(largest)
}

/** How thick an edge is drawn. The root spreads the many small norms of a network; tenths are all that is seen. */
export function widthOf(flow: number, limit: number): number {
  if (Number.isNaN(flow) || limit <= 0) return WIDTHS.plain
  const share = Math.sqrt(Math.min(1, flow / limit))
  return Math.round(10 * (WIDTHS.least + (WIDTHS.most - WIDTHS.least) * share)) / 10
}

/** How a picture is inked in a frame: what one code is worth on the tensor's colour scale. */
import type { TensorEntry } from '../run/manifest'
import { codesIn, scaleIn, type Frame, type Run } from '../run/run'
import type { Shown } from './clock.svelte'
import type { Inking } from './painting/painter'

export const NO_INK: Inking = { gain: NaN, bias: 0, baseGain: NaN }

/**
 * The ink of a tensor's picture; none where the frame has no picture of it, or of the frame it is compared with.
 *
 * @param limit - Where the tensor's scale ends; 0 where nothing is known of it.
 */
export function inkOf(tensor: TensorEntry, { frame, base }: Shown, run: Run, limit: number): Inking {
  const gain = gainOf(tensor, frame, run, limit)
  if (!base) return { gain, bias: 0, baseGain: NaN }
  const baseGain = gainOf(tensor, base, run, limit)
  return Number.isNaN(baseGain) ? NO_INK : { gain, bias: 0, baseGain }
}

function gainOf(tensor: TensorEntry, frame: Frame, run: Run, limit: number): number {
  if (!codesIn(frame, tensor, run)) return NaN
  return limit > 0 ? scaleIn(frame, tensor, run) / limit : 0
}

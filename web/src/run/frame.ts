/** One recorded moment of a run, and what is read of it. */
import { broken } from './errors'
import { size } from './fields'
import type { ProbeArray, Role, TensorEntry } from './manifest'
import type { Run } from './run'
import type { SpaceRow } from './space'
import type { Values } from './values'

/** One recorded moment: whole, so that nothing shows half of one frame and half of another. */
export interface Frame {
  readonly index: number
  readonly step: number
  readonly time: number
  /** The flat row of codes of each role that was asked for; null where the run has none. */
  readonly codes: Readonly<Partial<Record<Role, Int16Array | null>>>
  /** The flat row of the probes' outputs; null where the run has none. */
  readonly outputs: Float32Array | null
  /** The maps of the input space, if they were asked for; null where the run has none. */
  readonly space: SpaceRow | null
  /** What one code is worth, by the index of a tensor, where it is not as recorded: another input is shown. */
  readonly scales?: ReadonlyMap<number, number>
}

/** A tensor's codes in a frame; null where the frame has no picture of it. */
export function codesIn(frame: Frame, tensor: TensorEntry, run: Run): Int16Array | null {
  if (Number.isNaN(scaleIn(frame, tensor, run))) return null
  const codes = frame.codes[tensor.role]?.subarray(tensor.offset, tensor.offset + tensor.count)
  return codes?.length === tensor.count ? codes : null
}

/** What one code of a tensor is worth in a frame; NaN where the frame has no picture of it. */
export function scaleIn(frame: Frame, tensor: TensorEntry, run: Run): number {
  return frame.scales?.get(tensor.index) ?? run.statistics.at(frame.index, tensor.index, 'scale')
}

/** One output's part of a row. */
export function partOf(row: Float32Array, part: ProbeArray): Float32Array {
  const values = row.subarray(part.offset, part.offset + size(part.shape))
  if (values.length !== size(part.shape)) throw broken(`the values of '${part.name}' are cut short`)
  return values
}

/** A row of the pictures of a role. @throws RunError - It is of another type. */
export function codesOf(row: Values | null, role: Role): Int16Array | null {
  if (row && !(row instanceof Int16Array)) throw broken(`the pictures of role '${role}' are not int16`)
  return row
}

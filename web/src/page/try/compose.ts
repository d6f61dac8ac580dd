/** A frame as it would be had the viewer's own input stood among the probes. */
import { hasProbes } from '../../pictures/activation'
import { encodeWith, LARGEST, MINUS_INFINITY } from '../../run/codes'
import { size } from '../../run/fields'
import { scaleIn, type Frame, type Run } from '../../run/run'
import type { Said } from './model'

/** Put what the network made of an input in the place of a probe. What it says nothing of stays as recorded. */
export function withOwn(frame: Frame, run: Run, probe: number, said: Said): Frame {
  const { tensors, probes } = run.manifest
  const activation = frame.codes.activation?.slice() ?? null
  const scales = new Map<number, number>()
  for (const tensor of tensors) {
    if (!activation || !hasProbes(tensor, probes.count)) continue
    const values = said.get(tensor.key)
    const scale = scaleIn(frame, tensor, run)
    if (values?.length !== tensor.count / probes.count || Number.isNaN(scale)) continue
    const codes = activation.subarray(tensor.offset, tensor.offset + tensor.count)
    const wider = withRoom(codes, scale, values)
    if (wider !== scale) scales.set(tensor.index, wider)
    codes.set(encodeWith(values, wider), probe * values.length)
  }
  const outputs = frame.outputs?.slice() ?? null
  for (const { name, shape, offset } of probes.outputs) {
    const values = said.get(`output/${name}`)
    const width = size(shape.slice(1))
    if (outputs && shape[0] === probes.count && values?.length === width)
      outputs.set(values, offset + probe * width)
  }
  return { ...frame, codes: { ...frame.codes, activation }, outputs, scales }
}

/** Where values go beyond the scale, code what is there on a wider one. Returns the scale. */
function withRoom(codes: Int16Array, scale: number, values: Float32Array): number {
  let largest = 0
  for (const value of values) if (Math.abs(value) < Infinity) largest = Math.max(largest, Math.abs(value))
  const needed = largest / LARGEST
  if (needed <= scale) return scale
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    if (code <= LARGEST && code > MINUS_INFINITY) codes[i] = Math.round((code * scale) / needed)
  }
  return needed
}

/** Values as 16-bit codes with one scale a tensor and frame: `value = code × scale`. */

/** The largest code of a finite value. */
export const LARGEST = 32766
export const PLUS_INFINITY = 32767
export const MINUS_INFINITY = -32767
export const NOT_A_NUMBER = -32768

/** One code's value. */
export function valueOf(code: number, scale: number): number {
  switch (code) {
    case NOT_A_NUMBER:
      return NaN
    case PLUS_INFINITY:
      return Infinity
    case MINUS_INFINITY:
      return -Infinity
    default:
      return code * scale
  }
}

/** A tensor's codes as values. */
export function decode(codes: Int16Array, scale: number): Float32Array {
  return Float32Array.from(codes, (code) => valueOf(code, scale))
}

/** Values as codes of one scale, for values that a run keeps as floats: the probes' inputs and outputs. */
export function encode(values: ArrayLike<number>): { codes: Int16Array; scale: number } {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] ?? 0)
    if (size > largest && size < Infinity) largest = size
  }
  const scale = largest / LARGEST
  return { codes: encodeWith(values, scale), scale }
}

/** Values as codes of a scale that is given; what is larger than it reaches is cut. */
export function encodeWith(values: ArrayLike<number>, scale: number): Int16Array {
  return Int16Array.from(values, (value) => codeOf(value, scale))
}

function codeOf(value: number, scale: number): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER
  if (value === Infinity) return PLUS_INFINITY
  if (value === -Infinity) return MINUS_INFINITY
  // Of the smallest numbers there are, the scale itself is rounded, and the code would run over.
  return scale > 0 ? Math.max(-LARGEST, Math.min(LARGEST, Math.round(value / scale))) : 0
}

/** Bytes of a chunk as numbers. */
import type { DataType } from './metadata'

export type Values =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** Zeroed (or filled) values of a type. 64-bit integers are given as float64: exact up to 2^53. */
export function emptyValues(dtype: DataType, count: number, fill: number): Values {
  const values = make(dtype, count)
  if (fill !== 0) values.fill(fill)
  return values
}

/** Little-endian bytes, from the start of their buffer, as values. */
export function valuesOf(dtype: DataType, bytes: Uint8Array<ArrayBuffer>): Values {
  const { buffer } = bytes
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return bytes
    case 'int8':
      return new Int8Array(buffer)
    case 'int16':
      return new Int16Array(buffer)
    case 'uint16':
      return new Uint16Array(buffer)
    case 'int32':
      return new Int32Array(buffer)
    case 'uint32':
      return new Uint32Array(buffer)
    case 'float32':
      return new Float32Array(buffer)
    case 'float64':
      return new Float64Array(buffer)
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), half)
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number)
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number)
  }
}

function make(dtype: DataType, count: number): Values {
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return new Uint8Array(count)
    case 'int8':
      return new Int8Array(count)
    case 'int16':
      return new Int16Array(count)
    case 'uint16':
      return new Uint16Array(count)
    case 'int32':
      return new Int32Array(count)
    case 'uint32':
      return new Uint32Array(count)
    case 'float32':
    case 'float16':
      return new Float32Array(count)
    default:
      return new Float64Array(count)
  }
}

/** IEEE 754 binary16, which few browsers read by themselves yet. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024))
}

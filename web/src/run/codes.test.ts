import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, LARGEST, MINUS_INFINITY, NOT_A_NUMBER, PLUS_INFINITY, valueOf } from './codes'

const anyValues = fc.array(fc.double(), { maxLength: 40 })

/** What float32 rounds away of what was decoded, and half a code. */
function allowed(scale: number, value: number): number {
  return 0.503 * scale + 1e-7 * Math.abs(value)
}

describe('codes', () => {
  test('give every finite value back to within half a code', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), (values) => {
        const { codes, scale } = encode(values)
        for (const [i, value] of values.entries()) {
          expect(Math.abs(valueOf(codes[i] ?? 0, scale) - value)).toBeLessThanOrEqual(allowed(scale, value))
        }
      }),
    )
  })

  test('keep the sign and the order of values, whatever their magnitude', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        const finite = values.filter(Number.isFinite).sort((a, b) => a - b)
        const { codes } = encode(finite)
        for (const [i, value] of finite.entries()) {
          const code = codes[i] ?? 0
          if (code !== 0) expect(Math.sign(code)).toBe(Math.sign(value))
          if (i) expect(code).toBeGreaterThanOrEqual(codes[i - 1] ?? 0)
        }
      }),
    )
  })

  test('give the largest magnitude the code 32,766 of its sign', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        (values) => {
          const largest = values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a))
          fc.pre(largest !== 0)
          expect(encode(values).codes[values.indexOf(largest)]).toBe(Math.sign(largest) * LARGEST)
        },
      ),
    )
  })

  test('mark what is not finite, and nothing else', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        const { codes, scale } = encode(values)
        expect(codes).toHaveLength(values.length)
        for (const [i, value] of values.entries()) {
          const code = codes[i] ?? 0
          if (Number.isFinite(value)) expect(Math.abs(code)).toBeLessThanOrEqual(LARGEST)
          else expect(valueOf(code, scale)).toBe(value)
        }
      }),
    )
    expect([...encode([NaN, Infinity, -Infinity, 2]).codes]).toEqual([-32768, 32767, -32767, 32766])
  })

  test('of numbers so small that their scale is rounded stay on the side of their sign', () => {
    for (const tiny of [Number.MIN_VALUE, 2e-319, 1e-316, 1e-310]) {
      const [positive = 0, negative = 0] = encode([tiny, -tiny]).codes
      expect(positive).toBeGreaterThanOrEqual(0)
      expect(positive).toBeLessThanOrEqual(LARGEST)
      expect(negative + positive).toBe(0)
    }
  })

  test('of zeros are zeros, and of nothing nothing', () => {
    expect(encode([0, -0])).toEqual({ codes: new Int16Array(2), scale: 0 })
    expect(encode([])).toEqual({ codes: new Int16Array(), scale: 0 })
    expect(encode([NaN, 0])).toEqual({ codes: Int16Array.of(NOT_A_NUMBER, 0), scale: 0 })
  })

  test('are decoded with the scale of their tensor', () => {
    const codes = Int16Array.of(0, 1, -2, LARGEST, PLUS_INFINITY, MINUS_INFINITY, NOT_A_NUMBER)
    expect([...decode(codes, 0.5)]).toEqual([0, 0.5, -1, 16383, Infinity, -Infinity, NaN])
  })

  test('of a frame that has no picture are no values', () => {
    expect([...decode(Int16Array.of(0, 7), NaN)]).toEqual([NaN, NaN])
  })
})

import { describe, expect, test } from 'vitest'
import { crc32c } from './crc32c'

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

describe('crc32c', () => {
  /** RFC 3720, appendix B.4, and the check value that every catalogue of checksums gives. */
  test.each([
    ['nothing', new Uint8Array(), 0x00000000],
    ['the digits 1 to 9', ascii('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['a sentence', ascii('The quick brown fox jumps over the lazy dog'), 0x22620404],
  ])('of %s is the known one', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  test('sees every single changed bit', () => {
    const bytes = Uint8Array.from({ length: 36 }, (_, i) => 7 * i)
    const before = crc32c(bytes)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(crc32c(changed)).not.toBe(before)
    }
  })
})

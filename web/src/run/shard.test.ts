import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from './crc32c'
import { RunError } from './errors'
import { Shard } from './shard'

const ABSENT = 2n ** 64n - 1n
type Place = readonly [offset: bigint, length: bigint]

/** A shard with this content, whose index says this and has a checksum that fits. */
function shardOf(index: readonly Place[], content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(content.length + 16 * index.length + 4)
  const view = new DataView(bytes.buffer, content.length)
  index.flat().forEach((number, i) => {
    view.setBigUint64(8 * i, number, true)
  })
  const packed = bytes.subarray(content.length, content.length + 16 * index.length)
  view.setUint32(16 * index.length, crc32c(packed), true)
  bytes.set(content)
  return bytes
}

describe('a shard', () => {
  const content = Uint8Array.of(1, 2, 3, 4, 5)
  const bytes = shardOf(
    [
      [0n, 2n],
      [ABSENT, ABSENT],
      [2n, 3n],
    ],
    content,
  )

  test('gives each chunk the bytes that its index says', () => {
    const shard = new Shard(bytes, 3, 'frames/c/0/0')
    expect(shard.chunk(0)).toEqual(Uint8Array.of(1, 2))
    expect(shard.chunk(2)).toEqual(Uint8Array.of(3, 4, 5))
    expect(shard.byteLength).toBe(bytes.length)
  })

  test('has no chunk that was never written, nor one beyond its index', () => {
    const shard = new Shard(bytes, 3, 'frames/c/0/0')
    expect(shard.chunk(1)).toBeNull()
    expect(shard.chunk(3)).toBeNull()
  })

  test('is read wherever it lies in a larger buffer', () => {
    const larger = new Uint8Array([7, 7, 7, ...bytes])
    expect(new Shard(larger.subarray(3), 3, 'x').chunk(2)).toEqual(Uint8Array.of(3, 4, 5))
  })

  test('whose index was damaged, in any bit, is refused', () => {
    fc.assert(
      fc.property(fc.nat(8 * (3 * 16 + 4) - 1), (bit) => {
        const damaged = bytes.slice()
        const at = content.length + (bit >> 3)
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (bit & 7))
        expect(() => new Shard(damaged, 3, 'frames/c/0/0')).toThrow(
          /the index of frames\/c\/0\/0 does not fit its checksum/,
        )
      }),
    )
  })

  test('that is too short for its index is refused', () => {
    expect(() => new Shard(bytes.slice(0, 51), 3, 'frames/c/0/0')).toThrow('too short for its index')
    expect(() => new Shard(new Uint8Array(), 1, 'frames/c/0/0')).toThrow(RunError)
  })

  test.each([
    ['begins behind its end', [1000n, 2n]],
    ['is longer than it', [0n, 58n]],
    ['would wrap around', [ABSENT - 1n, 3n]],
    ['has no length but an offset', [ABSENT, 0n]],
    ['is as long as all memory', [0n, ABSENT]],
  ] as const)('refuses a chunk that %s', (_, place) => {
    const shard = new Shard(shardOf([place, [0n, 1n], [1n, 1n]], content), 3, 'frames/c/0/0')
    expect(() => shard.chunk(0)).toThrow(/chunk 0 of frames\/c\/0\/0 lies outside of it/)
    expect(shard.chunk(1)).toEqual(Uint8Array.of(1))
  })

  test('never gives bytes that are not its own', () => {
    const number = fc.oneof(fc.bigInt(0n, 80n), fc.bigInt(0n, ABSENT))
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 4 }), (index) => {
        const whole = shardOf(index, content)
        const shard = new Shard(whole, index.length, 'x')
        for (const [i, [offset, length]] of index.entries()) {
          const isInside = offset + length <= BigInt(whole.length)
          if (isInside) expect(shard.chunk(i)?.length).toBe(Number(length))
          else if (offset !== ABSENT || length !== ABSENT) expect(() => shard.chunk(i)).toThrow(RunError)
        }
      }),
    )
  })
})

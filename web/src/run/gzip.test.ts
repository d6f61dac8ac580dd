import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RunError } from './errors'
import { inflate } from './gzip'

const PLACE = 'chunk 3.0 of pictures/weight'

function zipped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes))
}

async function refusal(compressed: Uint8Array<ArrayBuffer>, expected: number): Promise<RunError> {
  const thrown = await inflate(compressed, expected, PLACE).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof RunError)) throw new Error(`not refused by a RunError but by ${String(thrown)}`)
  expect(thrown.what).toContain(PLACE)
  expect(thrown.fix).not.toBe('')
  return thrown
}

describe('gzip', () => {
  test('inflates to the bytes that were deflated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        expect(await inflate(zipped(bytes), bytes.length, PLACE)).toEqual(bytes)
      }),
    )
  })

  test('inflates a part of a larger buffer', async () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const shard = new Uint8Array([9, 9, ...zipped(bytes), 9])
    expect(await inflate(shard.subarray(2, -1), 3, PLACE)).toEqual(bytes)
  })

  test('stops a bomb at the size that was declared', async () => {
    const bomb = zipped(new Uint8Array(64 * 2 ** 20)) // 64 KiB that inflate to 64 MiB
    const before = process.resourceUsage().maxRSS
    const { what } = await refusal(bomb, 1000)
    expect(what).toContain('inflates to more than its 1,000 bytes')
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(16)
  })

  test('refuses what is one byte longer than it should be', async () => {
    expect((await refusal(zipped(new Uint8Array(1001)), 1000)).what).toContain('more than its 1,000 bytes')
  })

  test('refuses what is one byte shorter than it should be', async () => {
    expect((await refusal(zipped(new Uint8Array(999)), 1000)).what).toContain(
      'inflates to 999 bytes, not 1000',
    )
  })

  test('refuses bytes that were cut off, wherever', async () => {
    const whole = zipped(Uint8Array.from({ length: 200 }, (_, i) => (i * i) % 251))
    for (let length = 0; length < whole.length; length++) await refusal(whole.slice(0, length), 200)
  })

  test('refuses bytes behind the end', async () => {
    await refusal(new Uint8Array([...zipped(new Uint8Array(50)), 1, 2, 3]), 50)
  })

  test('refuses a second member with something in it', async () => {
    const member = zipped(new Uint8Array(50))
    await refusal(new Uint8Array([...member, ...member]), 50)
  })

  test('refuses what is no gzip, and what does not fit its checksum', async () => {
    expect((await refusal(new TextEncoder().encode('<!doctype html>'), 50)).what).toContain('is no gzip')
    const wrong = zipped(new Uint8Array(50))
    const checksum = wrong.length - 6
    wrong[checksum] = (wrong[checksum] ?? 0) ^ 1
    await refusal(wrong, 50)
  })
})

import { broken, RunError } from './errors'

/**
 * Inflate one gzip member to exactly `expected` bytes, and no further: a "gzip bomb" stops there.
 *
 * @param place - Named in the error.
 */
export async function inflate(
  compressed: Uint8Array<ArrayBuffer>,
  expected: number,
  place: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const inflated = new Uint8Array(expected)
  let filled = 0
  const { readable, writable } = new DecompressionStream('gzip')
  const reader = readable.getReader()
  feed(writable.getWriter(), compressed).catch(() => undefined) // what goes wrong is told by reading as well
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (filled + value.length > expected) {
        void reader.cancel().catch(() => undefined)
        throw broken(`${place} inflates to more than its ${expected.toLocaleString('en')} bytes`)
      }
      inflated.set(value, filled)
      filled += value.length
    }
  } catch (error) {
    if (error instanceof RunError) throw error
    // For bytes that are no gzip, or have something behind them, a browser throws a TypeError and Node an Error.
    throw broken(`${place} is no gzip (${error instanceof Error ? error.message : String(error)})`)
  }
  if (filled !== expected) {
    throw broken(`${place} inflates to ${filled} bytes, not ${expected}`)
  }
  return inflated
}

/** At most so much is inflated before it is looked at (bytes): a thousand times as much may come of it. */
const SLICE = 65_536

/** Written directly: a Blob would be registered with another process first, which takes milliseconds each time. */
async function feed(
  writer: WritableStreamDefaultWriter<BufferSource>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (let from = 0; from < bytes.length; from += SLICE)
    await writer.write(bytes.subarray(from, from + SLICE))
  await writer.close()
}

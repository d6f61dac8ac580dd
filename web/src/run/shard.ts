/** A Zarr v3 shard with its index at the start: (offset, length) of each chunk as uint64, then their CRC32C. */
import { crc32c } from './crc32c'
import { broken } from './errors'

const ABSENT = 2n ** 64n - 1n

export class Shard {
  private readonly index: DataView

  /** @throws RunError - It is too short for its index, or the index was damaged. */
  constructor(
    private readonly bytes: Uint8Array<ArrayBuffer>,
    private readonly chunks: number,
    private readonly place: string,
  ) {
    const indexBytes = 16 * chunks
    if (bytes.length < indexBytes + 4) throw broken(`${place} is too short for its index`)
    this.index = new DataView(bytes.buffer, bytes.byteOffset, indexBytes + 4)
    if (crc32c(bytes.subarray(0, indexBytes)) !== this.index.getUint32(indexBytes, true)) {
      throw broken(`the index of ${place} does not fit its checksum`)
    }
  }

  get byteLength(): number {
    return this.bytes.length
  }

  /** The compressed bytes of a chunk; null where it was never written. */
  chunk(number: number): Uint8Array<ArrayBuffer> | null {
    if (number >= this.chunks) return null
    const offset = this.index.getBigUint64(16 * number, true)
    const length = this.index.getBigUint64(16 * number + 8, true)
    if (offset === ABSENT && length === ABSENT) return null
    if (offset + length > BigInt(this.bytes.length)) {
      throw broken(`chunk ${number} of ${this.place} lies outside of it`)
    }
    return this.bytes.subarray(Number(offset), Number(offset + length))
  }
}

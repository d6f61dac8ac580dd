/** A Zarr v3 shard: the chunks, then an index, (offset, length) of each as uint64, then the CRC32C of the index. */
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
    const at = bytes.length - indexBytes - 4
    this.index = new DataView(bytes.buffer, bytes.byteOffset + at, indexBytes + 4)
    if (crc32c(bytes.subarray(at, at + indexBytes)) !== this.index.getUint32(indexBytes, true)) {
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

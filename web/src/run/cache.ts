/** A cache that holds at most so many bytes, and lets go of what was used longest ago. */
export class ByteCache<T> {
  private readonly entries = new Map<string, { value: T; bytes: number }>()
  private held = 0

  constructor(readonly mostBytes: number) {}

  /** The bytes held now. */
  get bytes(): number {
    return this.held
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key)
    if (!entry) return undefined
    this.entries.delete(key) // a Map keeps the order of insertion: put it at the end
    this.entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: T, bytes: number): void {
    this.delete(key)
    this.entries.set(key, { value, bytes })
    this.held += bytes
    for (const [oldest, entry] of this.entries) {
      if (this.held <= this.mostBytes || oldest === key) break
      this.entries.delete(oldest)
      this.held -= entry.bytes
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key)
    if (!entry) return
    this.entries.delete(key)
    this.held -= entry.bytes
  }

  /** Let go of every entry whose key starts so. */
  deleteAll(prefix: string): void {
    for (const key of [...this.entries.keys()]) if (key.startsWith(prefix)) this.delete(key)
  }
}

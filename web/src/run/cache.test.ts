import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteCache } from './cache'

describe('the cache', () => {
  test('lets go of what was used longest ago', () => {
    const cache = new ByteCache<string>(100)
    cache.set('a', 'A', 40)
    cache.set('b', 'B', 40)
    cache.get('a')
    cache.set('c', 'C', 40)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C'])
    expect(cache.bytes).toBe(80)
  })

  test('lets go of as many as it has to', () => {
    const cache = new ByteCache<number>(100)
    for (let i = 0; i < 10; i++) cache.set(String(i), i, 10)
    cache.set('large', -1, 95)
    expect(cache.bytes).toBe(95)
    expect(cache.get('9')).toBeUndefined()
  })

  test('keeps what is larger than all its room until the next comes', () => {
    const cache = new ByteCache<string>(100)
    cache.set('a', 'A', 30)
    cache.set('huge', 'H', 500)
    expect([cache.get('a'), cache.get('huge')]).toEqual([undefined, 'H'])
    cache.set('b', 'B', 30)
    expect([cache.get('huge'), cache.get('b'), cache.bytes]).toEqual([undefined, 'B', 30])
  })

  test('counts an entry that is replaced once', () => {
    const cache = new ByteCache<string>(100)
    cache.set('a', 'old', 60)
    cache.set('a', 'new', 20)
    expect([cache.get('a'), cache.bytes]).toEqual(['new', 20])
    cache.delete('a')
    cache.delete('a')
    expect(cache.bytes).toBe(0)
  })

  test('forgets all of one array and nothing of another', () => {
    const cache = new ByteCache<number>(100)
    for (const [i, key] of ['frames:0.0', 'frames:1.0', 'frames2:0.0'].entries()) cache.set(key, i, 10)
    cache.deleteAll('frames:')
    expect([cache.get('frames:0.0'), cache.get('frames:1.0'), cache.get('frames2:0.0')]).toEqual([
      undefined,
      undefined,
      2,
    ])
    expect(cache.bytes).toBe(10)
  })

  test('holds the newest, counts its bytes exactly and never more than its room', () => {
    const deed = fc.record({ key: fc.integer({ max: 8, min: 0 }), bytes: fc.nat(60), isRead: fc.boolean() })
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        const cache = new ByteCache<number>(100)
        // The same by hand: the entries from the one used longest ago to the newest.
        let known: { key: number; bytes: number }[] = []
        for (const { key, bytes, isRead } of deeds) {
          const entry = known.find((candidate) => candidate.key === key)
          if (isRead) {
            expect(cache.get(String(key))).toBe(entry?.bytes)
            if (entry) known = [...known.filter((other) => other !== entry), entry]
            continue
          }
          cache.set(String(key), bytes, bytes)
          known = [...known.filter((other) => other !== entry), { key, bytes }]
          while (known.reduce((sum, other) => sum + other.bytes, 0) > 100) known.shift()
          expect(cache.bytes).toBe(known.reduce((sum, other) => sum + other.bytes, 0))
          expect(cache.bytes).toBeLessThanOrEqual(100)
        }
      }),
    )
  })
})

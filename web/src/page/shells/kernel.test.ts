import { describe, expect, test } from 'vitest'
import { RunError } from '../../run/errors'
import { KernelStore } from './kernel'

const bytes = (text: string) => new TextEncoder().encode(text)

function kernel() {
  const asked: [number, string][] = []
  const waits: number[] = []
  const told: string[] = []
  const store = new KernelStore(
    (id, path) => asked.push([id, path]),
    (count) => waits.push(count),
  )
  store.teller({
    grown: (isGrowing) => told.push(`grown ${isGrowing}`),
    ended: () => told.push('ended'),
    silent: () => told.push('silent'),
    lost: () => told.push('lost'),
  })
  return { store, asked, waits, told }
}

describe('a run that lies with the kernel', () => {
  test('is asked for, file by file', async () => {
    const { store, asked, waits } = kernel()
    const reading = [store.read('a'), store.read('b'), store.read('c')]
    expect(asked.map(([, path]) => path)).toEqual(['a', 'b', 'c'])
    store.hear({ kind: 'answer', id: 1, bytes: null })
    store.hear({ kind: 'answer', id: 0, bytes: bytes('A') })
    store.hear({ kind: 'refused', id: 2, what: 'too large', fix: 'pack it' })
    store.hear({ kind: 'answer', id: 9, bytes: null }) // of somebody else's question
    expect(await reading[0]).toEqual(bytes('A'))
    expect(await reading[1]).toBeNull()
    await expect(reading[2]).rejects.toEqual(new RunError('too large', 'pack it'))
    expect(waits.at(-1)).toBe(0)
  })

  test('is known where it was sent and listed, also to who had asked before', async () => {
    const { store, asked } = kernel()
    const early = [store.read('a'), store.read('gone')]
    store.hear({ kind: 'files', names: ['a', 'b'], files: [bytes('A'), bytes('B')] })
    expect(await Promise.race([early[0], Promise.resolve('waits')])).toBe('waits') // it may be half of what comes
    store.hear({ kind: 'listed', names: ['a', 'b', 'large'] })
    expect(await early[0]).toEqual(bytes('A'))
    expect(await early[1]).toBeNull()
    expect(await store.read('b')).toEqual(bytes('B'))
    expect(await store.read('nothing')).toBeNull()
    expect(asked).toHaveLength(2)
    void store.read('large')
    expect(asked).toHaveLength(3) // listed and not sent
    store.hear({ kind: 'listed', names: null })
    void store.read('b')
    expect(asked).toHaveLength(4) // it may have changed
  })

  test('tells when it grows', () => {
    const { store, told } = kernel()
    store.hear({ kind: 'grown', growing: true })
    store.hear({ kind: 'grown', growing: false })
    expect(told).toEqual(['grown true', 'ended'])
  })
})

import { describe, expect, it } from 'vitest'
import type { ProbeArray } from '../../run/manifest'
import { ofLevels } from './pen'
import { exampleOf, kindOf, rangesOf } from './ranges'
import { readWritten, written } from './written'

function input(shape: number[], dtype = 'float32', isImage = false): ProbeArray {
  return { name: 'input', shape, dtype, offset: 0, isImage }
}

const IMAGE = input([3, 1, 4, 4], 'float32', true)
const TABLE = input([2, 3])
const TOKENS = input([2, 4], 'int64')

describe('what the viewer gives', () => {
  it('is drawn, moved or written, by the kind of input', () => {
    expect([IMAGE, TABLE, TOKENS, input([2, 3, 4])].map(kindOf)).toEqual([
      'image',
      'table',
      'tokens',
      'fixed',
    ])
  })

  it('lies in the range of the probes, of each channel or column', () => {
    expect(rangesOf(TABLE, Float32Array.of(0, 5, 1, 2, NaN, 1))).toEqual([
      { low: 0, high: 2 },
      { low: 5 - 1, high: 5 + 1 },
      { low: 0, high: 2 },
    ])
    const colours = input([1, 3, 4, 4], 'float32', true)
    const values = Float32Array.from({ length: 48 }, (_, i) => Math.floor(i / 16) * 10 + (i % 2))
    expect(rangesOf(colours, values)).toEqual([
      { low: 0, high: 1 },
      { low: 10, high: 11 },
      { low: 20, high: 21 },
    ])
    expect([...exampleOf(TABLE, Float32Array.of(1, 2, 3, 4, 5, 6), 1)]).toEqual([4, 5, 6])
  })
})

describe('an input in the address', () => {
  const ranges = [{ low: -0.4, high: 2.8 }]

  it('is read as it was written', () => {
    const drawn = ofLevels(
      Array.from({ length: 16 }, (_, i) => i * 17),
      ranges,
    )
    expect(readWritten(written(IMAGE, drawn, ranges), IMAGE, ranges)).toEqual(drawn)
    const moved = Float32Array.of(0.25, -1.5, 3)
    expect(readWritten(written(TABLE, moved, []), TABLE, [])).toEqual(moved)
    expect([...(readWritten('t3,1,4,1', TOKENS, []) ?? [])]).toEqual([3, 1, 4, 1])
  })

  it.each(['', 'i', 'i***', 'iAAAA', 'v1,2,3', 't1,2', 'x1', `i${'A'.repeat(5000)}`])(
    'is none of this kind: %s',
    (text) => {
      expect(readWritten(text, IMAGE, ranges)).toBeNull()
    },
  )

  it('has no room for a photograph', () => {
    expect(written(input([1, 3, 64, 64], 'float32', true), new Float32Array(3 * 64 * 64), ranges)).toBe('')
  })
})

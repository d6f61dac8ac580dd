import { describe, expect, it } from 'vitest'
import { coarseFirst } from './idle'
import { isLight, planes } from './upload'

describe('frames, coarse first', () => {
  it('are all of them once, both ends before the middle', () => {
    expect(coarseFirst(5, 100)).toEqual([4, 0, 2, 1, 3])
    const many = coarseFirst(1000, 50)
    expect(many).toHaveLength(50)
    expect(new Set(many).size).toBe(50)
    expect(many.slice(0, 2)).toEqual([999, 0])
  })

  it('are none of none, and one of one', () => {
    expect(coarseFirst(0, 10)).toEqual([])
    expect(coarseFirst(1, 10)).toEqual([0])
  })
})

describe('an image from a file', () => {
  it('is made grey as eyes see it, or keeps its colours one after the other', () => {
    const pixels = [255, 0, 0, 255, 0, 0, 255, 255]
    expect([...planes(pixels, 1)]).toEqual([76, 29])
    expect([...planes(pixels, 3)]).toEqual([255, 0, 0, 0, 0, 255])
  })

  it('is on light paper when its edge is light', () => {
    const room = { channels: 1, width: 3, height: 3 }
    expect(isLight([255, 255, 255, 255, 0, 255, 255, 255, 255], room)).toBe(true)
    expect(isLight([0, 0, 0, 0, 255, 0, 0, 0, 0], room)).toBe(false)
  })
})

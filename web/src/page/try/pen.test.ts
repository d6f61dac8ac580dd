import { describe, expect, it } from 'vitest'
import { inked, inverted, levelsOf, ofLevels, passOver } from './pen'

const ROOM = { width: 5, height: 4 }
const RANGES = [{ low: -1, high: 3 }]

describe('a pen on few pixels', () => {
  it('covers what it passes over whole, and its edge in part', () => {
    const cover = new Float32Array(20)
    passOver(cover, ROOM, { x: 0.5, y: 1.5 }, { x: 4.5, y: 1.5 }, 0.75)
    expect([...cover.subarray(5, 10)]).toEqual([1, 1, 1, 1, 1])
    expect([...cover.subarray(0, 5)]).toEqual([0.25, 0.25, 0.25, 0.25, 0.25])
    expect([...cover.subarray(15, 20)]).toEqual([0, 0, 0, 0, 0])
  })

  it('is no darker where a stroke crosses itself', () => {
    const cover = new Float32Array(20)
    passOver(cover, ROOM, { x: 1, y: 1 }, { x: 3, y: 1 }, 0.6)
    const once = [...cover]
    passOver(cover, ROOM, { x: 3, y: 1 }, { x: 1, y: 1 }, 0.6)
    expect([...cover]).toEqual(once)
  })

  it('stays on the paper', () => {
    const cover = new Float32Array(20)
    passOver(cover, ROOM, { x: -9, y: -9 }, { x: 30, y: 40 }, 2)
    expect(cover).toHaveLength(20)
    expect(Math.max(...cover)).toBe(1)
  })

  it('mixes its tone into what was there, channel by channel', () => {
    const ranges = [...RANGES, { low: 0, high: 10 }]
    const cover = Float32Array.of(1, 0.5)
    expect([...inked([0, 0, 0, 0], cover, ranges, [1, 0.2])]).toEqual([3, 1.5, 2, 1])
  })
})

describe('levels', () => {
  it('are read back as they were written', () => {
    const values = ofLevels([0, 51, 255], RANGES)
    expect([...levelsOf(values, RANGES)]).toEqual([0, 51, 255])
    expect(values[2]).toBe(3)
  })

  it('are cut at the ends of the range, and inverted about its middle', () => {
    expect([...levelsOf([-9, 9], RANGES)]).toEqual([0, 255])
    expect([...inverted([-1, 3], RANGES)]).toEqual([3, -1])
  })
})

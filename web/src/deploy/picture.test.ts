import { describe, expect, it } from 'vitest'
import { grey, pixelsOf, resized, type Photo } from './picture'

/** 5 × 3, every byte its own: (37 i) mod 256. */
const photo: Photo = { width: 5, height: 3, rgb: Uint8Array.from({ length: 45 }, (_, i) => (37 * i) % 256) }

/** What Pillow 12 gives: `resize((2, 2), BILINEAR)`, the first row of `resize((7, 4), …)`, and with `box=(1, 0, 4, 3)`. */
const SMALLER = [93, 94, 131, 141, 111, 97, 111, 148, 119, 108, 114, 144]
const LARGER = [0, 37, 74, 63, 100, 137, 143, 107, 144, 222, 3, 40, 118, 82, 119, 125, 162, 89, 188, 225, 6]
const MIDDLE = [120, 103, 140, 122, 95, 114, 120, 157, 105, 104, 131, 168]

describe('a photo at another size', () => {
  it('has the bytes that Pillow gives it', () => {
    expect([...resized(photo, 2, 2).rgb]).toEqual(SMALLER)
    expect([...resized(photo, 7, 4).rgb.subarray(0, 21)]).toEqual(LARGER)
    const middle = { left: 1, top: 0, right: 4, bottom: 3 }
    expect([...resized(photo, 2, 2, middle).rgb]).toEqual(MIDDLE)
  })

  it('is itself at its own size', () => {
    expect([...resized(photo, 5, 3).rgb]).toEqual([...photo.rgb])
  })

  it('keeps one colour, whatever is done to it', () => {
    const plain: Photo = { width: 7, height: 4, rgb: new Uint8Array(84).fill(200) }
    for (const fit of ['squish', 'crop'] as const) {
      const pixels = pixelsOf(plain, { channels: 3, height: 5, width: 5, fit })
      expect([...new Set(pixels)]).toEqual([Math.fround(200 / 255)])
    }
  })

  it('stands on white where it is padded', () => {
    const dark: Photo = { width: 4, height: 2, rgb: new Uint8Array(24) }
    const pixels = pixelsOf(dark, { channels: 1, height: 4, width: 4, fit: 'pad' })
    expect([...pixels]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
  })
})

describe('grey', () => {
  it('weighs colours as Pillow does', () => {
    expect([grey(255, 255, 255), grey(255, 0, 0), grey(0, 255, 0), grey(0, 0, 255)]).toEqual([
      255, 76, 150, 29,
    ])
  })
})

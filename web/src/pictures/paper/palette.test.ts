import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apart, EYES, lightness } from '../../testing/colours'
import { colourOf, css, PALETTES } from './palette'

const NAMES = ['light', 'dark'] as const
const share = fc.double({ min: 0, max: 1, noNaN: true })

/** A difference (ΔE) that nobody misses beside each other: just noticed is 2.3. */
const PLAIN = 25

describe.each(NAMES)('the %s palette', (name) => {
  const palette = PALETTES[name]

  test.each(Object.entries(EYES))('keeps below and above zero apart for %s eyes', (_, eyes) => {
    expect(apart(palette.negative, palette.positive, eyes)).toBeGreaterThan(2 * PLAIN)
    for (const size of [0.1, 0.25, 0.5, 1]) {
      const difference = apart(colourOf(-size, palette), colourOf(size, palette), eyes)
      expect(difference).toBeGreaterThan(PLAIN * Math.sqrt(size))
    }
  })

  test.each(Object.entries(EYES))('keeps both ends apart from zero for %s eyes', (_, eyes) => {
    for (const end of [-1, 1])
      expect(apart(palette.zero, colourOf(end, palette), eyes)).toBeGreaterThan(PLAIN)
  })

  test('goes from zero to either end in lightness, without turning back', () => {
    const direction = name === 'light' ? -1 : 1
    fc.assert(
      fc.property(share, share, fc.constantFrom(-1, 1), (a, b, sign) => {
        const [near, far] = [Math.min(a, b), Math.max(a, b)]
        const rise = lightness(colourOf(sign * far, palette)) - lightness(colourOf(sign * near, palette))
        expect(direction * rise).toBeGreaterThanOrEqual(-1e-9)
      }),
    )
    for (const sign of [-1, 1]) {
      const ladder = [0, 0.01, 0.1, 0.3, 1].map(
        (step) => direction * lightness(colourOf(sign * step, palette)),
      )
      for (let i = 1; i < ladder.length; i++)
        expect((ladder[i] ?? 0) - (ladder[i - 1] ?? 0)).toBeGreaterThan(2.3)
    }
  })

  test('has the colour of the paper at zero and that of the end beyond it', () => {
    expect(colourOf(0, palette)).toEqual(palette.zero)
    expect(colourOf(-0, palette)).toEqual(palette.zero)
    expect(colourOf(1, palette)).toEqual(palette.positive)
    expect(colourOf(-7, palette)).toEqual(palette.negative)
    expect(colourOf(1e9, palette)).toEqual(palette.positive)
  })

  test('spreads small values: a hundredth of the scale is a tenth of the way', () => {
    const [red] = colourOf(0.01, palette)
    expect(red).toBeCloseTo(palette.zero[0] + 0.1 * (palette.positive[0] - palette.zero[0]), 6)
  })

  test('marks what is not finite with stripes that lightness alone tells', () => {
    expect(Math.abs(lightness(palette.mark) - lightness(palette.markStripe))).toBeGreaterThan(PLAIN)
    for (const value of [palette.negative, palette.positive]) {
      expect(apart(palette.mark, value)).toBeGreaterThan(PLAIN)
      expect(apart(palette.markStripe, value)).toBeGreaterThan(PLAIN)
    }
  })

  test('has no colour outside of what a screen has', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        for (const channel of colourOf(value, palette)) {
          expect(channel).toBeGreaterThanOrEqual(0)
          expect(channel).toBeLessThanOrEqual(255)
        }
      }),
    )
  })
})

test('a colour is written for the style sheet in whole numbers', () => {
  expect(css([44.4, 105.6, 176])).toBe('rgb(44 106 176)')
})

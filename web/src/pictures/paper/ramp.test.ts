import { describe, expect, test } from 'vitest'
import { css, type Colour } from './palette'
import { rampAt, RAMPS } from './ramp'

/** Relative luminance as WCAG defines it. */
function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

describe.each(['light', 'dark'] as const)('the ramp on %s paper', (theme) => {
  const ramp = RAMPS[theme]

  test('grows one way in lightness, so that it is read in grey', () => {
    const shares = Array.from({ length: 101 }, (_, i) => i / 100)
    const found = shares.map((share) => luminance(rampAt(share, ramp)))
    const sign = theme === 'light' ? -1 : 1
    for (let i = 1; i < found.length; i++)
      expect(sign * ((found[i] ?? 0) - (found[i - 1] ?? 0))).toBeGreaterThan(0)
  })

  test('holds what is beyond its ends to them', () => {
    expect([rampAt(-3, ramp), rampAt(9, ramp)].map(css)).toEqual(
      [ramp[0], ramp.at(-1)].map((c) => css(c ?? [0, 0, 0])),
    )
  })
})

/**
 * A colour for each class, told apart with every common colour blindness: the palette of Okabe & Ito, "Color Universal
 * Design" (2008), lightened on dark paper. More classes than colours share them: their names always stand beside.
 */

import type { Colour } from './palette'

const LIGHT = [
  '#b35c00',
  '#2c69b0',
  '#00795a',
  '#a2407f',
  '#7a6a00',
  '#2b2b2e',
  '#0b7fa8',
  '#a33a2a',
] as const
const DARK = ['#ffb04d', '#7db3f5', '#4fd0a8', '#f09acb', '#e8d84a', '#ecebe6', '#6fd3f2', '#ff8a75'] as const

export function classColour(number: number, theme: 'light' | 'dark'): string {
  const colours = theme === 'light' ? LIGHT : DARK
  return colours[((number % colours.length) + colours.length) % colours.length] ?? colours[0]
}

/** The same colour as red, green and blue, to be mixed. */
export function classInk(number: number, theme: 'light' | 'dark'): Colour {
  const hex = classColour(number, theme)
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]
}

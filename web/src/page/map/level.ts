/**
 * How near the map is looked at. Far, no picture can be read and nodes are blocks of colour; near, filters and feature
 * maps stand one by one. Between coming and going lies a stretch where it stays as it is: nothing flickers.
 */
export type Level = 'far' | 'middle' | 'near'

/** How wide a usual picture is on the screen (CSS pixels) where a level begins, and where it ends. */
const FAR = { begins: 44, ends: 54 } as const
const NEAR = { begins: 430, ends: 370 } as const

/** @param width - How wide a usual picture is on the screen. */
export function levelAt(width: number, before: Level): Level {
  if (width < (before === 'far' ? FAR.ends : FAR.begins)) return 'far'
  if (width > (before === 'near' ? NEAR.ends : NEAR.begins)) return 'near'
  return 'middle'
}

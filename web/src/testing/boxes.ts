/** Boxes on the map: whether they meet, and whether one holds another. */
import type { Box } from '../page/map/place'

/** What rounding may take away (CSS pixels). */
const DUST = 1e-6

export function overlap(a: Box, b: Box): boolean {
  return (
    a.x + DUST < b.x + b.width &&
    b.x + DUST < a.x + a.width &&
    a.y + DUST < b.y + b.height &&
    b.y + DUST < a.y + a.height
  )
}

export function isInside(inner: Box, { x, y, width, height }: Omit<Box, 'id'>): boolean {
  return (
    inner.x >= x - DUST &&
    inner.y >= y - DUST &&
    inner.x + inner.width <= x + width + DUST &&
    inner.y + inner.height <= y + height + DUST
  )
}

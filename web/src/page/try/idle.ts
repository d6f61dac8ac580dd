/** Work that nobody waits for, in pieces, when the page has nothing else to do. */

/** A page that is busy all the time still gets to it, after so long (ms). */
const AT_LAST = 400

export function whenIdle(): Promise<void> {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: AT_LAST })
    else setTimeout(resolve, 30)
  })
}

/** Numbers from 0 to `count` - 1, at most `most` of them: both ends first, then ever finer in between. */
export function coarseFirst(count: number, most: number): number[] {
  const chosen = new Set<number>()
  const taken = Math.min(count, most)
  const spread = Array.from({ length: taken }, (_, i) =>
    Math.round((i * (count - 1)) / Math.max(1, taken - 1)),
  )
  for (let stride = 2 ** Math.ceil(Math.log2(Math.max(1, taken))); stride >= 1; stride /= 2) {
    if (taken > 0) chosen.add(spread[taken - 1] ?? 0)
    for (let i = 0; i < taken; i += stride) chosen.add(spread[i] ?? 0)
  }
  return [...chosen]
}

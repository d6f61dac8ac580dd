/** Moves the focus from card to card with the arrow keys. */

/** How far a key leads among cards of which so many stand in a row; 0 for another key. */
export function stepOf(key: string, inARow: number): number {
  switch (key) {
    case 'ArrowRight':
      return 1
    case 'ArrowLeft':
      return -1
    case 'ArrowDown':
      return inARow
    case 'ArrowUp':
      return -inARow
    default:
      return 0
  }
}

/** Move by a key. Returns whether it was one that moves. */
export function walk(grid: HTMLElement, key: string): boolean {
  const links = linksIn(grid)
  const step = stepOf(key, inARow(links))
  if (step === 0 || links.length === 0) return false
  const at = links.findIndex((link) => link.closest('article')?.contains(document.activeElement))
  if (at < 0 && window.scrollY > 0) return false // nobody is on a card: the page is scrolled
  focusOn(grid, at < 0 ? 0 : at + step)
  return true
}

export function focusOn(grid: HTMLElement, at: number): void {
  const links = linksIn(grid)
  links[Math.max(0, Math.min(links.length - 1, at))]?.focus()
}

function linksIn(grid: HTMLElement): HTMLElement[] {
  return [...grid.querySelectorAll<HTMLElement>('a[data-card]')]
}

function inARow(links: readonly HTMLElement[]): number {
  const top = links[0]?.closest('article')?.offsetTop
  const next = links.findIndex((link) => link.closest('article')?.offsetTop !== top)
  return next < 0 ? links.length : next
}

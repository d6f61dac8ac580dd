/** Which cards are in view, or nearly: one observer for all of them. */

/** So far beyond the window's edges (CSS pixels) a card counts as seen: it is there when it is scrolled to. */
const NEARLY = '200px'

export class Sight {
  private readonly seers = new Map<Element, (isInView: boolean) => void>()
  private readonly observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) this.seers.get(target)?.(isIntersecting)
    },
    { rootMargin: NEARLY },
  )

  /** Tell when a card comes into view and leaves it, until the returned function is called. */
  watch(card: HTMLElement, seen: (isInView: boolean) => void): () => void {
    this.seers.set(card, seen)
    this.observer.observe(card)
    return () => {
      this.seers.delete(card)
      this.observer.unobserve(card)
      seen(false)
    }
  }

  close(): void {
    this.observer.disconnect()
  }
}

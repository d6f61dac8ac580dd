/** What a hand does on the map: it drags, pinches, turns the wheel. A click stays a click. */

export interface Deeds {
  drag(dx: number, dy: number): void
  /** Zoom by a factor around a point of the map. */
  zoom(factor: number, x: number, y: number): void
}

/** A pointer that moved less than this clicked (CSS pixels). */
const STILL = 4

export class Hand {
  private readonly pointers = new Map<number, { x: number; y: number }>()
  private travelled = 0

  constructor(
    private readonly surface: HTMLElement,
    private readonly deeds: Deeds,
  ) {
    surface.addEventListener('pointerdown', this.down)
    surface.addEventListener('pointermove', this.move)
    surface.addEventListener('pointerup', this.up)
    surface.addEventListener('pointercancel', this.up)
    surface.addEventListener('click', this.click, { capture: true })
    surface.addEventListener('wheel', this.wheel, { passive: false })
  }

  close(): void {
    this.surface.removeEventListener('pointerdown', this.down)
    this.surface.removeEventListener('pointermove', this.move)
    this.surface.removeEventListener('pointerup', this.up)
    this.surface.removeEventListener('pointercancel', this.up)
    this.surface.removeEventListener('click', this.click, { capture: true })
    this.surface.removeEventListener('wheel', this.wheel)
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    if (this.pointers.size === 0) this.travelled = 0
    this.pointers.set(event.pointerId, this.at(event))
  }

  private readonly move = (event: PointerEvent): void => {
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    const now = this.at(event)
    const [dx, dy] = [now.x - before.x, now.y - before.y]
    this.travelled += Math.hypot(dx, dy)
    if (this.travelled < STILL) return
    // Only now: a captured pointer would send the click of a still hand to the map, not to the node.
    this.surface.setPointerCapture(event.pointerId)
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1]
    this.pointers.set(event.pointerId, now)
    if (!other) {
      this.deeds.drag(dx, dy)
      return
    }
    const apart = Math.hypot(before.x - other.x, before.y - other.y)
    const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, apart)
    this.deeds.zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2)
    this.deeds.drag(dx / 2, dy / 2)
  }

  private readonly up = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId)
  }

  /** The click at the end of a drag chooses nothing. */
  private readonly click = (event: MouseEvent): void => {
    if (this.travelled < STILL || event.detail === 0) return
    event.stopPropagation()
    event.preventDefault()
    this.travelled = 0
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault()
    const { x, y } = this.at(event)
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    const strength = event.ctrlKey ? 0.01 : 0.0016 // a pinch on a touchpad comes as a small wheel with ctrl
    this.deeds.zoom(Math.exp(-event.deltaY * lines * strength), x, y)
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.surface.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
}

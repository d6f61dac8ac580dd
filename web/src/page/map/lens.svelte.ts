/** Through what the map is looked at: its camera, what it is aimed at, and how near that is. */
import type { Size } from '../../pictures/paper/sheet'
import type { Camera } from '../painting/painter'
import { centredOn, fitted, formatCamera, moved, parseCamera, showing, zoomedAt, type Margin } from './camera'
import { levelAt, type Level } from './level'
import type { Box } from './place'

/** All of the map, one thing on it, or where the hand left it: the first two hold when the window changes its size. */
type Aim = 'all' | 'hand' | { readonly id: string; readonly zoom: number }

/** The zoom at which words begin and cease to be too small. */
const TINY = { begins: 0.64, ends: 0.7 } as const

export class Lens {
  camera = $state.raw<Camera>({ zoom: 1, left: 0, top: 0 })
  level = $state<Level>('middle')
  /** Whether words would be too small at their own size. */
  isTiny = $state(false)
  aim = $state.raw<Aim>('all')
  private window: Size = { width: 1, height: 1 }
  private margin: Margin = { side: 0, top: 0, bottom: 0 }

  /** Follow what it is aimed at, in a window of this size. */
  fit(map: Size, window: Size, margin: Margin, boxOf: (id: string) => Box | undefined): void {
    this.window = window
    this.margin = margin
    if (this.aim === 'all') this.camera = fitted(map, window, margin)
    else if (this.aim !== 'hand') {
      const box = boxOf(this.aim.id)
      if (box) this.camera = centredOn(box, this.aim.zoom, window)
    }
  }

  /** @param width - How wide a usual picture is at zoom 1. */
  measure(width: number): void {
    const { zoom } = this.camera
    this.level = levelAt(width * zoom, this.level)
    this.isTiny = zoom < (this.isTiny ? TINY.ends : TINY.begins)
  }

  drag(dx: number, dy: number): void {
    this.look(moved(this.camera, dx, dy))
  }

  /** Zoom by a factor, around a point or the middle of the window. */
  zoom(factor: number, x = this.window.width / 2, y = this.window.height / 2): void {
    this.look(zoomedAt(this.camera, factor, x, y))
  }

  /** Bring a box into the window, if it is not there. */
  reveal(box: Box): void {
    const camera = showing(this.camera, box, this.window, this.margin)
    if (camera !== this.camera) this.look(camera)
  }

  /** What stands in an address: nothing while all is seen. */
  get inAddress(): string {
    return this.aim === 'all' ? '' : formatCamera(this.camera, this.window)
  }

  take(address: string | undefined): void {
    const camera = parseCamera(address, this.window)
    if (camera) this.look(camera)
    else this.aim = 'all'
  }

  /** Whether a box is seen, in part at least. */
  sees({ x, y, width, height }: Box): boolean {
    const { zoom, left, top } = this.camera
    return (
      x * zoom + left < this.window.width &&
      y * zoom + top < this.window.height &&
      (x + width) * zoom + left > 0 &&
      (y + height) * zoom + top > 0
    )
  }

  private look(camera: Camera): void {
    this.aim = 'hand'
    this.camera = camera
  }
}

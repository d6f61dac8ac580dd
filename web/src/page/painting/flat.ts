/** The painter for browsers without WebGL2: slower, and otherwise the same. */
import { paint, type Ink } from '../../pictures/paper/paint'
import type { Palette } from '../../pictures/paper/palette'
import type { Size } from '../../pictures/paper/sheet'
import { fitCanvas, type Camera, type Inking, type Painter, type Placed, type RowName } from './painter'

interface Row {
  readonly codes: Int16Array | null
  readonly base: Int16Array | null
}

export class FlatPainter implements Painter {
  readonly kind = 'flat'
  private pictures: readonly Placed[] = []
  private inkings: readonly Inking[] = []
  private readonly rows = new Map<RowName, Row>()

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
  ) {}

  setPictures(pictures: readonly Placed[]): void {
    this.pictures = pictures
  }

  setRow(row: RowName, codes: Int16Array | null, base: Int16Array | null): void {
    this.rows.set(row, { codes, base })
  }

  setInkings(inkings: readonly Inking[]): void {
    this.inkings = inkings
  }

  draw({ zoom, left, top }: Camera, room: Size, palette: Palette, veil: number): void {
    const ratio = fitCanvas(this.canvas, room)
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    for (const [i, { sheet, row, ...place }] of this.pictures.entries()) {
      const ink = this.inkOf(i, row, veil)
      const x = Math.round((place.x * zoom + left) * ratio)
      const y = Math.round((place.y * zoom + top) * ratio)
      const width = Math.max(1, Math.round(place.width * zoom * ratio))
      const height = Math.max(1, Math.round(place.height * zoom * ratio))
      const isSeen = x < this.canvas.width && y < this.canvas.height && x + width > 0 && y + height > 0
      if (!ink || !isSeen || width * height > 4e6) continue
      const pixels = this.context.createImageData(width, height)
      paint(sheet, ink, palette, pixels)
      this.context.putImageData(pixels, x, y)
    }
  }

  close(): void {
    this.rows.clear()
  }

  private inkOf(picture: number, row: RowName, veil: number): Ink | null {
    const inking = this.inkings[picture]
    const { codes, base } = this.rows.get(row) ?? {}
    if (!inking || !codes || Number.isNaN(inking.gain)) return null
    const isAgainst = base && !Number.isNaN(inking.baseGain)
    return { ...inking, codes, base: isAgainst ? { codes: base, gain: inking.baseGain, veil } : null }
  }
}

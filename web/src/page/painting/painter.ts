/** Paints many pictures on one canvas: by WebGL2 where there is one, else pixel by pixel. */
import type { Palette } from '../../pictures/paper/palette'
import type { Sheet, Size } from '../../pictures/paper/sheet'
import type { Role } from '../../run/manifest'
import { FlatPainter } from './flat'
import { WebglPainter } from './webgl'

/** The flat rows of a frame that pictures take their values from; `probe` holds the probes' inputs and outputs. */
export type RowName = Role | 'probe'

/** A picture and its place, in the map's own lengths (CSS pixels at zoom 1). */
export interface Placed {
  readonly sheet: Sheet
  readonly row: RowName
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** How one picture is inked in this frame. A gain of NaN: the frame has no such picture. */
export interface Inking {
  readonly gain: number
  readonly bias: number
  /** The gain of the frame it is looked at against; NaN where there is none. */
  readonly baseGain: number
}

/** Where the map is looked at: a point (x, y) stands at (x · zoom + left, y · zoom + top), in CSS pixels. */
export interface Camera {
  readonly zoom: number
  readonly left: number
  readonly top: number
}

export interface Painter {
  /** `webgl` or `flat`, for the tests and the page's own note. */
  readonly kind: 'webgl' | 'flat'
  setPictures(pictures: readonly Placed[]): void
  /** The codes of a row in this frame, and of the one it is looked at against; null where there is none. */
  setRow(row: RowName, codes: Int16Array | null, base: Int16Array | null): void
  /** One a picture, in their order. */
  setInkings(inkings: readonly Inking[]): void
  /**
   * @param room - The size of the canvas on the page: asking the page for it would lay it out again.
   * @param veil - How much of the other frame shows through; 0 subtracts it.
   */
  draw(camera: Camera, room: Size, palette: Palette, veil: number): void
  /** Let go of the graphics memory. */
  close(): void
}

/** Make the painter of a canvas. `onRestored` is called when the graphics card comes back after it was lost. */
export function makePainter(canvas: HTMLCanvasElement, onRestored: () => void): Painter {
  const gl = canvas.getContext('webgl2', { alpha: true, antialias: false, premultipliedAlpha: true })
  if (gl) return new WebglPainter(canvas, gl, onRestored)
  const flat = canvas.getContext('2d')
  if (!flat) throw new Error('this browser draws on no canvas')
  return new FlatPainter(canvas, flat)
}

/** Give the canvas the pixels of its place on the page; returns device pixels per CSS pixel. */
export function fitCanvas(canvas: HTMLCanvasElement, room: Size): number {
  const ratio = window.devicePixelRatio || 1
  const width = Math.max(1, Math.round(room.width * ratio))
  const height = Math.max(1, Math.round(room.height * ratio))
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  return ratio
}

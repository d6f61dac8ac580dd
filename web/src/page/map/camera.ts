/** Where the map is looked at: arithmetic of zoom and pan, without a page. */
import type { Size } from '../../pictures/paper/sheet'
import type { Camera } from '../painting/painter'

export const MOST_ZOOM = 12
export const LEAST_ZOOM = 0.05

/** A map smaller than its window is not blown up beyond this. */
const MOST_FITTED = 1.3

export interface Margin {
  readonly side: number
  readonly top: number
  readonly bottom: number
}

/** The camera that shows the whole map in the middle of a window, within its margins. */
export function fitted(map: Size, window: Size, { side, top, bottom }: Margin): Camera {
  const room = { width: window.width - 2 * side, height: window.height - top - bottom }
  const zoom = bounded(
    Math.min(room.width / Math.max(1, map.width), room.height / Math.max(1, map.height), MOST_FITTED),
  )
  return {
    zoom,
    left: side + (room.width - map.width * zoom) / 2,
    top: top + (room.height - map.height * zoom) / 2,
  }
}

/** The camera after zooming by a factor while the point under the hand stays where it is. */
export function zoomedAt(camera: Camera, factor: number, x: number, y: number): Camera {
  const zoom = bounded(camera.zoom * factor)
  const change = zoom / camera.zoom
  return { zoom, left: x - (x - camera.left) * change, top: y - (y - camera.top) * change }
}

export function moved(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, left: camera.left + dx, top: camera.top + dy }
}

function bounded(zoom: number): number {
  return Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, zoom))
}

/** The camera that has a box in the middle of a window. */
export function centredOn(
  box: Size & { readonly x: number; readonly y: number },
  zoom: number,
  window: Size,
): Camera {
  const near = bounded(zoom)
  return {
    zoom: near,
    left: window.width / 2 - (box.x + box.width / 2) * near,
    top: window.height / 2 - (box.y + box.height / 2) * near,
  }
}

/** The camera moved no further than it must for a box to be seen; as it is where the box is seen already. */
export function showing(
  camera: Camera,
  box: Size & { readonly x: number; readonly y: number },
  window: Size,
  margin: Margin,
): Camera {
  const { zoom, left, top } = camera
  const shift = (from: number, to: number, low: number, high: number): number =>
    from < low || to - from > high - low ? low - from : to > high ? high - to : 0
  const [x, y] = [box.x * zoom + left, box.y * zoom + top]
  const dx = shift(x, x + box.width * zoom, margin.side, window.width - margin.side)
  const dy = shift(y, y + box.height * zoom, margin.top, window.height - margin.bottom)
  return dx || dy ? moved(camera, dx, dy) : camera
}

/** A camera in an address: its zoom and the point of the map in the middle of the window. */
export function formatCamera({ zoom, left, top }: Camera, window: Size): string {
  const [x, y] = [(window.width / 2 - left) / zoom, (window.height / 2 - top) / zoom]
  return `${zoom.toFixed(2)},${Math.round(x)},${Math.round(y)}`
}

/** The camera that an address tells of; null where it tells of none. */
export function parseCamera(text: string | undefined, window: Size): Camera | null {
  const found = /^(\d{1,2}\.?\d{0,4}),(-?\d{1,7}),(-?\d{1,7})$/.exec(text ?? '')
  if (!found) return null
  const [zoom = 1, x = 0, y = 0] = found.slice(1).map(Number)
  return centredOn({ x, y, width: 0, height: 0 }, zoom, window)
}

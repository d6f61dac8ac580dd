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

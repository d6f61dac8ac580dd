/** An image from a file, brought to what the network takes; what was done to it is said. */
import { LEVELS, ofLevels } from './pen'
import type { Range } from './ranges'

interface Room {
  readonly channels: number
  readonly width: number
  readonly height: number
}

export interface Uploaded {
  readonly values: Float32Array
  /** What was done, in words. */
  readonly said: string
}

/**
 * @param isDrawing - Whether the probes are drawings, light on dark paper: one on light paper is inverted.
 * @throws Error - It is no image.
 */
export async function imageFrom(
  file: Blob,
  room: Room,
  ranges: readonly Range[],
  isDrawing: boolean,
): Promise<Uploaded> {
  const bitmap = await createImageBitmap(file)
  const canvas = document.createElement('canvas')
  canvas.width = room.width
  canvas.height = room.height
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser draws on no canvas')
  // Whole, and as it is: what is left beside it is white paper.
  const scale = Math.min(room.width / bitmap.width, room.height / bitmap.height)
  const [wide, high] = [bitmap.width * scale, bitmap.height * scale]
  context.fillStyle = 'white'
  context.fillRect(0, 0, room.width, room.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, (room.width - wide) / 2, (room.height - high) / 2, wide, high)
  const { data } = context.getImageData(0, 0, room.width, room.height)
  const done = [`brought to ${room.width} × ${room.height}`]
  if (room.channels === 1) done.push('made grey')
  let levels = planes(data, room.channels)
  if (isDrawing && isLight(levels, room)) {
    levels = levels.map((level) => LEVELS - level)
    done.push('inverted, as the probes are light on dark')
  }
  return { values: ofLevels(levels, ranges), said: `${done.join(', ')}.` }
}

/** Red, green, blue (and opacity) one after the other, or the brightness alone (Rec. 601). */
export function planes(data: ArrayLike<number>, channels: number): Uint8Array {
  const pixels = data.length / 4
  const levels = new Uint8Array(channels * pixels)
  for (let i = 0; i < pixels; i++) {
    const [red, green, blue] = [data[4 * i] ?? 0, data[4 * i + 1] ?? 0, data[4 * i + 2] ?? 0]
    if (channels === 1) levels[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue)
    else for (let c = 0; c < channels; c++) levels[c * pixels + i] = data[4 * i + c] ?? 0
  }
  return levels
}

/** Whether the edge of an image is light: its paper is. */
export function isLight(levels: ArrayLike<number>, { width, height }: Room): boolean {
  let [sum, count] = [0, 0]
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (row > 0 && row < height - 1 && column > 0 && column < width - 1) continue
      sum += levels[row * width + column] ?? 0
      count++
    }
  }
  return sum > (count * LEVELS) / 2
}

/**
 * A photo as the pixels that a network takes, to the same numbers as Python gives: Pillow's bilinear resampling,
 * which widens its triangle by the scale, goes along rows and then along columns, and rounds to bytes after each.
 */

/** Red, green and blue, row by row, each a byte. */
export interface Photo {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8ClampedArray | Uint8Array
}

export interface Room {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly fit: 'squish' | 'crop' | 'pad'
}

/** Bits of a weight behind the point, as Pillow has them. */
const BITS = 2 ** 22

/** The pixels of a photo from 0 to 1, (channels, height, width) laid flat. */
export function pixelsOf(photo: Photo, room: Room): Float32Array {
  const { rgb } =
    room.width === room.height
      ? squared(photo, room.width, room.fit)
      : resized(photo, room.width, room.height)
  const count = room.width * room.height
  const pixels = new Float32Array(room.channels * count)
  for (let i = 0; i < count; i++) {
    const [red, green, blue] = [rgb[3 * i] ?? 0, rgb[3 * i + 1] ?? 0, rgb[3 * i + 2] ?? 0]
    if (room.channels === 1) pixels[i] = grey(red, green, blue) / 255
    else for (let c = 0; c < 3; c++) pixels[c * count + i] = ([red, green, blue][c] ?? 0) / 255
  }
  return pixels
}

/** The brightness of a colour (Rec. 601), in whole numbers as Pillow computes it. */
export function grey(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
}

function squared(photo: Photo, size: number, fit: Room['fit']): Photo {
  const { width, height } = photo
  if (fit === 'pad') {
    const long = Math.max(width, height)
    const [wide, high] = [width, height].map((side) => Math.max(1, roundedToEven((side * size) / long))) as [
      number,
      number,
    ]
    const inner = resized(photo, wide, high)
    const rgb = new Uint8Array(3 * size * size).fill(255)
    const [left, top] = [Math.floor((size - wide) / 2), Math.floor((size - high) / 2)]
    for (let y = 0; y < high; y++)
      rgb.set(inner.rgb.subarray(3 * y * wide, 3 * (y + 1) * wide), 3 * ((top + y) * size + left))
    return { width: size, height: size, rgb }
  }
  const short = Math.min(width, height)
  const [left, top] = fit === 'crop' ? [(width - short) / 2, (height - short) / 2] : [0, 0]
  return resized(photo, size, size, { left, top, right: width - left, bottom: height - top })
}

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A part of a photo at another size. */
export function resized(
  { width, height, rgb }: Photo,
  wide: number,
  high: number,
  box: Box = { left: 0, top: 0, right: width, bottom: height },
): Photo {
  const across = weights(width, box.left, box.right, wide)
  const down = weights(height, box.top, box.bottom, high)
  const rows = new Uint8Array(3 * wide * height)
  for (let y = 0; y < height; y++) {
    for (const [x, { first, shares }] of across.entries()) {
      for (let c = 0; c < 3; c++) {
        let sum = BITS / 2
        for (const [i, share] of shares.entries()) sum += share * (rgb[3 * (y * width + first + i) + c] ?? 0)
        rows[3 * (y * wide + x) + c] = byte(sum)
      }
    }
  }
  const done = new Uint8Array(3 * wide * high)
  for (const [y, { first, shares }] of down.entries()) {
    for (let x = 0; x < 3 * wide; x++) {
      let sum = BITS / 2
      for (const [i, share] of shares.entries()) sum += share * (rows[3 * (first + i) * wide + x] ?? 0)
      done[3 * y * wide + x] = byte(sum)
    }
  }
  return { width: wide, height: high, rgb: done }
}

function byte(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor(sum / BITS)))
}

interface Weights {
  readonly first: number
  readonly shares: Float64Array
}

/** What each of `count` pixels is made of, out of the pixels from `low` to `high` of `size`. */
function weights(size: number, low: number, high: number, count: number): Weights[] {
  const scale = (high - low) / count
  const reach = Math.max(1, scale)
  return Array.from({ length: count }, (_, place) => {
    const centre = low + (place + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - reach + 0.5))
    const last = Math.min(size, Math.trunc(centre + reach + 0.5))
    const shares = Float64Array.from({ length: last - first }, (_, i) =>
      Math.max(0, 1 - Math.abs((first + i - centre + 0.5) / reach)),
    )
    const sum = shares.reduce((a, b) => a + b, 0)
    return { first, shares: shares.map((share) => Math.trunc((share / (sum || 1)) * BITS + 0.5)) }
  })
}

function roundedToEven(value: number): number {
  const down = Math.floor(value)
  const rest = value - down
  return rest === 0.5 ? down + (down % 2) : Math.round(value)
}

/** Asks a network of pictures: a photo that is chosen, dropped or pasted, or a drawing where it takes small grey ones. */
import { passOver, type Point } from '../page/try/pen'
import { make } from './element'
import { floats, type Given } from './model'
import { pixelsOf, type Photo } from './picture'
import type { PictureKind } from './told'

/** A canvas for drawing is so wide on the screen (pixels). */
const PAD = 280

export function photoAsker(
  room: PictureKind,
  name: string,
  ask: (given: Given) => Promise<void>,
): HTMLElement {
  const said = make('p', { class: 'note', role: 'status' })
  const seen = make('canvas', {
    class: 'seen',
    width: room.width,
    height: room.height,
    role: 'img',
    'aria-label': 'What the network is shown',
  })
  const invert = make('input', { type: 'checkbox', id: 'invert' })
  let last: Float32Array | null = null

  const show = async (pixels: Float32Array): Promise<void> => {
    last = pixels
    const shown = invert.checked ? pixels.map((pixel) => 1 - pixel) : pixels
    paint(seen, shown, room)
    await ask({ [name]: floats(shown, [1, room.channels, room.height, room.width]) })
  }
  const take = async (file: Blob | null | undefined, called: string): Promise<void> => {
    if (!file) return
    try {
      const photo = await photoFrom(file)
      said.textContent = `${called}: ${photo.width} × ${photo.height} pixels, brought to ${room.width} × ${room.height}${HOW[room.fit]}.`
      await show(pixelsOf(photo, room))
    } catch (error) {
      said.textContent = `${called} cannot be read here (${error instanceof Error ? error.message : String(error)}). A browser reads JPEG, PNG, WebP and GIF.`
    }
  }
  const chosen = make('input', { type: 'file', accept: 'image/*', id: 'photo' })
  chosen.addEventListener('change', () => void take(chosen.files?.[0], chosen.files?.[0]?.name ?? ''))
  const drop = make(
    'div',
    { class: 'drop' },
    make('label', { for: 'photo' }, 'Choose a photo'),
    chosen,
    make('p', { class: 'note' }, 'or drop one here, or paste one.'),
  )
  for (const kind of ['dragover', 'dragleave', 'drop'] as const) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault()
      drop.classList.toggle('over', kind === 'dragover')
      if (kind === 'drop') void take(event.dataTransfer?.files[0], event.dataTransfer?.files[0]?.name ?? '')
    })
  }
  document.addEventListener('paste', (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'))
    void take(file, 'The picture that was pasted')
  })
  invert.addEventListener('change', () => {
    if (last) void show(last)
  })
  const parts: Node[] = [drop]
  if (room.draw) parts.push(pad(room, show))
  if (room.channels === 1)
    parts.push(make('p', {}, invert, ' ', make('label', { for: 'invert' }, 'Light for dark')))
  return make(
    'div',
    {},
    ...parts,
    said,
    make('figure', {}, seen, make('figcaption', { class: 'note' }, 'What the network is shown')),
  )
}

const HOW = { squish: ', squeezed to a square', crop: ', the middle of it', pad: ', on white' }

/** The pixels of a file as Pillow has them: upright, colours as they are in the file, transparency on white. */
async function photoFrom(file: Blob): Promise<Photo> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' })
  const { width, height } = bitmap
  const canvas = make('canvas', { width, height })
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser draws on no canvas')
  context.fillStyle = 'white'
  context.fillRect(0, 0, width, height)
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  const { data } = context.getImageData(0, 0, width, height)
  const rgb = new Uint8Array(3 * width * height)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = data[4 * i + c] ?? 0
  }
  return { width, height, rgb }
}

/** A sheet to draw on, in light on dark, at the very pixels of the network. */
function pad(room: PictureKind, show: (pixels: Float32Array) => Promise<void>): HTMLElement {
  const cover = new Float32Array(room.width * room.height)
  const sheet = make('canvas', {
    class: 'pad',
    width: room.width,
    height: room.height,
    role: 'img',
    'aria-label': 'Draw here with a mouse, a pen or a finger',
  })
  sheet.style.width = `${PAD}px`
  sheet.style.height = `${(PAD * room.height) / room.width}px`
  const clear = make('button', { type: 'button' }, 'Clear')
  let from: Point | null = null
  const place = (event: PointerEvent): Point => {
    const { left, top, width, height } = sheet.getBoundingClientRect()
    return {
      x: ((event.clientX - left) / width) * room.width,
      y: ((event.clientY - top) / height) * room.height,
    }
  }
  const draw = (event: PointerEvent): void => {
    if (!from) return
    const to = place(event)
    passOver(cover, room, from, to, room.width / 28)
    from = to
    paint(sheet, cover, room)
  }
  sheet.addEventListener('pointerdown', (event) => {
    sheet.setPointerCapture(event.pointerId)
    from = place(event)
    draw(event)
  })
  sheet.addEventListener('pointermove', draw)
  sheet.addEventListener('pointerup', () => {
    from = null
    void show(cover.slice())
  })
  clear.addEventListener('click', () => {
    cover.fill(0)
    paint(sheet, cover, room)
  })
  paint(sheet, cover, room)
  return make('div', { class: 'drawing' }, make('p', { class: 'note' }, 'or draw:'), sheet, clear)
}

/** Pixels from 0 to 1 on a canvas of their size. */
function paint(
  canvas: HTMLCanvasElement,
  pixels: Float32Array,
  { channels, height, width }: PictureKind,
): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const image = context.createImageData(width, height)
  const count = width * height
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++)
      image.data[4 * i + c] = 255 * (pixels[(channels === 1 ? 0 : c) * count + i] ?? 0)
    image.data[4 * i + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

/**
 * Walks this folder: every story is painted and compared, pixel by pixel, with the image that stands beside it.
 *
 * `UPDATE_STORIES=1 npm test` writes the images anew. Look at each before you commit it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import type { Pixels } from '../src/pictures/paper/paint'
import type { Story, Told } from './story'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const FOUND = `${FOLDER}.found/`

const stories = Object.entries(
  import.meta.glob<Story>('./*.story.ts', { eager: true, import: 'default' }),
).map(([path, story]) => [path.slice('./'.length, -'.story.ts'.length), story] as const)

function pngOf({ width, height, data }: Pixels): Buffer {
  const png = new PNG({ width, height })
  png.data.set(data)
  return PNG.sync.write(png)
}

/** What a channel of an antialiased edge may differ by; of what is painted in whole cells nothing may. */
const NEAR = 40

function isFar(found: Told, kept: PNG, at: number): boolean {
  return Math.abs((found.data[at] ?? 0) - (kept.data[at] ?? 0)) > (found.tolerance ? NEAR : 0)
}

/** How many pixels of two images are not the same; all of them where their sizes are not. */
function different(found: Told, kept: PNG): number {
  if (found.width !== kept.width || found.height !== kept.height) return found.width * found.height
  let count = 0
  for (let i = 0; i < found.data.length; i += 4) {
    if ([0, 1, 2, 3].some((channel) => isFar(found, kept, i + channel))) count++
  }
  return count
}

test.each(stories)('the story "%s" looks as it did', async (name, story) => {
  const found = await story()
  const kept = `${FOLDER}${name}.png`
  rmSync(`${FOUND}${name}.png`, { force: true })
  if (process.env['UPDATE_STORIES'] === '1') writeFileSync(kept, pngOf(found))
  const count = existsSync(kept) ? different(found, PNG.sync.read(readFileSync(kept))) : NaN
  if (count <= (found.tolerance ?? 0) * found.width * found.height) return
  mkdirSync(FOUND, { recursive: true })
  writeFileSync(`${FOUND}${name}.png`, pngOf(found))
  const what = Number.isNaN(count)
    ? `there is no stories/${name}.png`
    : `${count} pixels of ${name}.png differ`
  expect.fail(`${what}: see stories/.found/${name}.png; if it is right, UPDATE_STORIES=1 npm test keeps it`)
})

test('every image has its story', () => {
  const images = readdirSync(FOLDER).filter((file) => file.endsWith('.png'))
  expect(images.sort()).toEqual(stories.map(([name]) => `${name}.png`).sort())
})

const words = import.meta.glob<string>('./*.story.ts', { eager: true, import: 'default', query: '?raw' })

/** The page that lists every story for a person: its image, and its first comment. */
function listing(): string {
  const rows = stories.map(([name]) => {
    const comment = /^\/\*\*\s*(.*?)\s*\*\//s.exec(words[`./${name}.story.ts`] ?? '')?.[1] ?? ''
    return `| ${name} | ![${name}](${name}.png) | ${comment.replace(/\s*\n \* ?/g, ' ')} |`
  })
  const head =
    '# Every picture\n\nWritten by `UPDATE_STORIES=1 npm test`; each image is compared whenever the tests run.\n'
  return [head, '| story | picture | what it shows |', '|---|---|---|', ...rows, ''].join('\n')
}

test('one page lists them all', () => {
  const page = `${FOLDER}README.md`
  if (process.env['UPDATE_STORIES'] === '1') writeFileSync(page, listing())
  expect(readFileSync(page, 'utf8'), 'UPDATE_STORIES=1 npm test writes it anew').toBe(listing())
})

test('a story that looks different is noticed', () => {
  const pixels = { width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) }
  const kept = PNG.sync.read(pngOf(pixels))
  expect(different(pixels, kept)).toBe(0)
  expect(different({ ...pixels, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 7, 255) }, kept)).toBe(1)
  expect(different({ ...pixels, data: Uint8ClampedArray.of(1, 2, 3, 0, 4, 5, 6, 255) }, kept)).toBe(1)
  expect(different({ width: 1, height: 2, data: pixels.data }, kept)).toBe(2)
  const drawn = { ...pixels, data: Uint8ClampedArray.of(1, 2, 43, 255, 4, 5, 46, 255), tolerance: 0.01 }
  expect(different(drawn, kept)).toBe(0)
  drawn.data[2] = 44
  expect(different(drawn, kept)).toBe(1)
})

import { PNG } from 'pngjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { PALETTES } from '../../pictures/paper/palette'
import { ratioColour, ratioShare } from '../../pictures/paper/ratio'
import type { Pixels } from '../../pictures/paper/paint'
import type { Frame, Run } from '../../run/run'
import { isInside } from '../../testing/boxes'
import { openFixture } from '../../testing/fixture'
import { placesOn } from '../../testing/tensors'
import { inkOf } from '../inking'
import { limitsOf, NO_LIMITS } from '../limits'
import { ProbeRow } from '../probes/row'
import { centredOn, formatCamera, parseCamera, showing } from './camera'
import { colouringOf, leafSigns, ratioOf, saidOf, signsOf, weightsOf } from './colouring'
import { nearCards } from './near'
import { inFlow, neighbour } from './order'
import { byKey, sceneOf, type Scene } from './scene'
import { svgOf, type Drawing } from './svg'

let run: Run
let scene: Scene
let frame: Frame

beforeAll(async () => {
  run = await openFixture('packed')
  await run.readStatistics()
  const { manifest } = run
  frame = await run.frame(run.frames.count - 1, ['weight', 'activation'])
  scene = sceneOf(
    {
      manifest,
      tensors: byKey(manifest),
      probe: 1,
      probeRow: new ProbeRow(manifest.probes, await run.inputs(), 10),
      window: { width: 1000, height: 600 },
      measure: (text) => 6.4 * text.length,
    },
    new Set(['head']),
  )
})

describe('a card from near', () => {
  test('has its filters and the feature maps of the probe one by one, with their channels, where its pictures stood', () => {
    const { manifest } = run
    const near = nearCards(scene, ['conv'], manifest, 1).get('conv')
    const card = scene.cards.find(({ card }) => card.id === 'conv')
    const [weight, maps] = ['weight/conv.weight', 'activation/conv'].map((key) => byKey(manifest).get(key))
    if (!near || !card || !weight || !maps) throw new Error('the fixture has no conv')
    const [filters, channels = 0] = [weight.kept[0] ?? 0, maps.kept[1]]
    expect(near.pictures).toHaveLength(filters + channels)
    const indices = (count: number, stride: number) =>
      Array.from({ length: count }, (_, i) => String(i * stride))
    expect(near.labels.map(({ text }) => text)).toEqual([
      ...indices(filters, weight.strides[0] ?? 1),
      ...indices(channels, maps.strides[1] ?? 1),
    ])
    for (const { placed, picture } of near.pictures) {
      const before = card.pictures.find((one) => one.picture === picture)?.placed
      expect(before && isInside({ id: '', ...placed }, before)).toBe(true)
      const { offset, count } = picture.tensor ?? weight
      const places = placesOn(placed.sheet).filter((place) => place >= 0)
      expect(Math.min(...places)).toBeGreaterThanOrEqual(offset)
      expect(Math.max(...places)).toBeLessThan(offset + count)
    }
  })

  test('is left as it is where it has no parts', () => {
    const near = nearCards(scene, ['output'], run.manifest, 0).get('output')
    expect(near?.labels).toEqual([])
    expect(near?.pictures.map(({ placed }) => placed)).toEqual(
      scene.cards.find(({ card }) => card.id === 'output')?.pictures.map(({ placed }) => placed),
    )
  })
})

describe('the order of the keyboard', () => {
  test('is that of the flow, a group before what is inside', () => {
    expect(inFlow(run.manifest.graph, scene).map(({ id }) => id)).toEqual([
      'input',
      'conv',
      'head/',
      'head.fc',
      'output',
    ])
  })

  test('leads upstream and downstream along the edges, and stops at the ends', () => {
    expect(neighbour(scene, 'conv', 'downstream')).toBe('head.fc')
    expect(neighbour(scene, 'conv', 'upstream')).toBe('input')
    expect(neighbour(scene, 'output', 'downstream')).toBeNull()
    expect(neighbour(scene, '', 'downstream')).toBe('input')
  })
})

describe('the colour of a node', () => {
  test('is its picture, unless another is asked for or it is far away', () => {
    expect(colouringOf(undefined, 'middle', true)).toBe('picture')
    expect(colouringOf(undefined, 'far', true)).toBe('ratio')
    expect(colouringOf(undefined, 'far', false)).toBe('health')
    expect(colouringOf('health', 'near', true)).toBe('health')
    expect(colouringOf('ratio', 'middle', false)).toBe('picture')
    expect(colouringOf('nonsense', 'middle', true)).toBe('picture')
  })

  test('by update ratio weighs the weights together', () => {
    const conv = scene.cards.find(({ card }) => card.id === 'conv')
    if (!conv) throw new Error('the fixture has no conv')
    const weights = weightsOf(conv.leaf, byKey(run.manifest))
    const at = frame.index
    const parts = weights.map(({ index }) => ({
      norm: run.statistics.at(at, index, 'norm'),
      ratio: run.statistics.at(at, index, 'ratio'),
    }))
    const known = parts.filter(({ ratio }) => Number.isFinite(ratio))
    const whole = Math.hypot(...known.map(({ norm }) => norm))
    const change = Math.hypot(...known.map(({ norm, ratio }) => norm * ratio))
    expect(ratioOf(weights, at, run)).toBeCloseTo(change / whole, 6)
    expect(ratioOf([], at, run)).toBeNaN()
  })

  test('runs from light to dark, or from dark to light, and never back', () => {
    const lightness = (colour: string) =>
      (colour.match(/\d+/g) ?? []).reduce(
        (sum, part, i) => sum + Number(part) * ([0.3, 0.59, 0.11][i] ?? 0),
        0,
      )
    for (const theme of ['light', 'dark'] as const) {
      const steps = Array.from({ length: 33 }, (_, i) => lightness(ratioColour(i / 32, theme)))
      const direction = theme === 'light' ? -1 : 1
      for (let i = 1; i < steps.length; i++)
        expect(direction * ((steps[i] ?? 0) - (steps[i - 1] ?? 0))).toBeGreaterThanOrEqual(0)
    }
    expect([1e-9, 1e-5, 1e-3, 1e-1, 5].map(ratioShare)).toEqual([0, 0, 0.5, 1, 1])
    expect(ratioShare(NaN)).toBeNaN()
  })

  test('by health is that of the notes up to the frame, wherever they name the node', () => {
    const note = { check: 'dead_units', sentence: 'half of conv is dead', frame: 2, step: 20, value: 1 }
    const notes = ['activation/conv', 'weight/conv.weight', 'conv'].map((tensor) => ({ ...note, tensor }))
    const signs = signsOf([...notes, { ...note, tensor: '' }], run.manifest.graph, run)
    expect([...signs.keys()]).toEqual(['conv'])
    const conv = scene.cards.find(({ card }) => card.id === 'conv')
    const known = conv ? leafSigns(conv.leaf, signs) : []
    expect(saidOf(known, 1)).toBe('')
    expect(saidOf(known, 2).split('\n')).toHaveLength(3)
  })
})

describe('the camera', () => {
  const window = { width: 800, height: 600 }
  const margin = { side: 20, top: 10, bottom: 40 }

  test('comes back from an address', () => {
    const camera = centredOn({ x: 100, y: 50, width: 40, height: 20 }, 2, window)
    expect(camera).toEqual({ zoom: 2, left: 400 - 240, top: 300 - 120 })
    expect(parseCamera(formatCamera(camera, window), window)).toEqual(camera)
    for (const text of [undefined, '', '2', 'a,b,c', '1e9,0,0', '2,1,NaN'])
      expect(parseCamera(text, window)).toBeNull()
  })

  test('moves no further than a box needs to be seen', () => {
    const camera = { zoom: 1, left: 0, top: 0 }
    expect(showing(camera, { x: 100, y: 100, width: 50, height: 50 }, window, margin)).toBe(camera)
    expect(showing(camera, { x: -30, y: 100, width: 50, height: 50 }, window, margin)).toEqual({
      ...camera,
      left: 50,
    })
    expect(showing(camera, { x: 100, y: 580, width: 50, height: 50 }, window, margin)).toEqual({
      ...camera,
      top: -70,
    })
  })
})

describe('the map as an SVG', () => {
  const encode = ({ width, height, data }: Pixels) => {
    const png = new PNG({ width, height })
    png.data = Buffer.from(data)
    return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`
  }

  function drawing(more: Partial<Drawing> = {}): Drawing {
    const limits = limitsOf(run, NO_LIMITS, false).values
    return {
      scene,
      widths: scene.routes.map((_, i) => i + 1),
      notes: scene.cards.map(() => ''),
      blocks: [],
      below: scene.cards.map(() => ''),
      caption: 'digits · step 7',
      title: 'digits',
      palette: PALETTES.light,
      colours: {
        ...{
          paper: '#fff',
          sheet: '#fff',
          ink: '#000',
          soft: '#666',
          line: '#ccc',
          tint: '#eee',
          live: '#c40',
        },
        ...{ edge: '#bbb', tip: '#999', font: 'sans-serif', variables: { 'var(--line)': '#ccc' } },
      },
      inkOf: ({ picture: { tensor } }) => {
        const codes = tensor && frame.codes[tensor.role]
        if (!codes) return null
        return { ...inkOf(tensor, { frame, base: null }, run, limits[tensor.index] ?? 0), codes, base: null }
      },
      encode,
      ...more,
    }
  }

  test('stands alone: every picture inside as a PNG, every word and arrow as a vector', () => {
    const svg = svgOf(drawing())
    const images = [...svg.matchAll(/href="data:image\/png;base64,([^"]+)"/g)]
    expect(images).toHaveLength(scene.pictures.filter(({ picture }) => picture.tensor).length)
    for (const [, data = ''] of images)
      expect(PNG.sync.read(Buffer.from(data, 'base64')).width).toBeGreaterThan(1)
    for (const { face } of scene.cards) for (const { text } of face.texts) expect(svg).toContain(`>${text}<`)
    for (const [i, { path }] of scene.routes.entries())
      expect(svg).toContain(`d="${path}" fill="none" stroke="#bbb" stroke-width="${i + 1}"`)
    expect(svg.replace(/base64,[^"]+/g, '')).not.toMatch(
      /https?:(?!\/\/www\.w3\.org\/2000\/svg)|var\(|NaN|undefined|<script/,
    )
  }, 60_000)

  test('draws blocks of colour in place of pictures, and marks what was noticed', () => {
    const blocks = scene.cards.map(() => ({ colour: 'var(--line)', figure: '0.001', isDeep: false }))
    const svg = svgOf(drawing({ blocks, notes: scene.cards.map((_, i) => (i ? '' : 'it is dead')) }))
    expect(svg).not.toContain('<image')
    expect(svg.match(/fill="#ccc"/g)).toHaveLength(scene.cards.length)
    expect(svg).toContain('<title>it is dead</title>')
  })

  test('lets no name of a stranger out of its text', () => {
    const blocks = scene.cards.map(() => ({ colour: '#ccc', figure: '<b>', isDeep: true }))
    const svg = svgOf(
      drawing({ blocks, title: '</title><script>alert(1)</script>', caption: '"&<\u0000\ud800' }),
    )
    expect(svg).not.toMatch(/<script|<b>/)
    expect(svg).toContain('&quot;&amp;&lt;\ufffd\ufffd</text>')
  })
})

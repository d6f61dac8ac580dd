/** Hands the map out as a picture: to the viewer as a file, and to programs as `window.onionskin.mapSVG()`. */
import type { Ink, Pixels } from '../../pictures/paper/paint'
import { inkOf } from '../inking'
import { LOOK_WORDS } from '../look'
import { whole } from '../numbers'
import { PREDICTION_GAIN } from '../probes/row'
import { COLOURING_WORDS } from './colouring'
import type { PlacedPicture } from './scene'
import type { Sight } from './sight.svelte'
import { svgOf, type Colours } from './svg'

/** What the page offers to programs that open it. */
export interface Offered {
  /** The map as it is shown now, whole, as an SVG that stands alone. */
  mapSVG?: () => string
}

declare global {
  interface Window {
    onionskin?: Offered
  }
}

/** Offer the picture to programs while the map is on the page; returns what takes it back. */
export function offerSvg(sight: Sight): () => void {
  const mapSVG = () => mapSvg(sight)
  window.onionskin = { ...window.onionskin, mapSVG }
  return () => {
    if (window.onionskin?.mapSVG === mapSVG) delete window.onionskin.mapSVG
  }
}

/** Save the picture as a file of the run's name and step. */
export function saveSvg(sight: Sight): void {
  const { session } = sight
  const address = URL.createObjectURL(new Blob([mapSvg(sight)], { type: 'image/svg+xml' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `${session.listed.name.replace(/[^\w.-]+/g, '-')}-step-${stepOf(sight)}.svg`
  link.click()
  URL.revokeObjectURL(address)
}

function mapSvg(sight: Sight): string {
  const { session, theme, scene, colouring } = sight
  const name = session.manifest.title || session.listed.name
  const colour = colouring === 'picture' ? LOOK_WORDS[session.look].name : COLOURING_WORDS[colouring].name
  return svgOf({
    scene,
    widths: sight.widths,
    notes: sight.notes,
    blocks: sight.blocks,
    below: scene.cards.map((placed) => sight.below(placed)),
    title: `${name} · ${session.manifest.model.type}, step ${stepOf(sight)}`,
    caption: `${name} · step ${whole(stepOf(sight))} · ${colour}, one scale a tensor for the whole run`,
    palette: theme.palette,
    colours: coloursOf(sight),
    inkOf: (picture) => inkFor(picture, sight),
    encode,
  })
}

function stepOf({ session }: Sight): number {
  return session.shown?.frame.step ?? 0
}

function inkFor({ picture }: PlacedPicture, sight: Sight): Ink | null {
  const { session, prediction } = sight
  const { shown } = session
  if (!shown) return null
  const { tensor, input } = picture
  if (!tensor) {
    const { probeRow } = session
    const codes = probeRow.rowOf(prediction, session.probe, session.own?.shownInputs)
    if (input >= 0) return { codes, ...probeRow.inputInk(input), base: null }
    return prediction && { codes, gain: PREDICTION_GAIN, bias: 0, base: null }
  }
  const codes = shown.frame.codes[tensor.role]
  const ink = inkOf(tensor, shown, session.run, session.limit(tensor.index))
  if (!codes || Number.isNaN(ink.gain)) return null
  const before = shown.base?.codes[tensor.role]
  const base =
    before && !Number.isNaN(ink.baseGain) ? { codes: before, gain: ink.baseGain, veil: session.veil } : null
  return { codes, gain: ink.gain, bias: ink.bias, base }
}

function coloursOf({ theme }: Sight): Colours {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const named = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [`var(--${name})`, colour(name)]))
  return {
    ...theme.inks,
    paper: colour('paper'),
    tint: theme.name === 'light' ? '#efeeea' : '#1b1c20', // the tint over the paper: some viewers know no alpha
    edge: colour('edge'),
    tip: colour('edge-tip'),
    variables: named('line', 'well', 'live'),
  }
}

/** A PNG by the browser's own encoder. */
function encode({ width, height, data }: Pixels): string {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const pixels = new ImageData(width, height)
  pixels.data.set(data)
  canvas.getContext('2d')?.putImageData(pixels, 0, 0)
  return canvas.toDataURL('image/png')
}

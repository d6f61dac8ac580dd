/** In which ways one tensor can be laid out: as its picture type does, or as what it stands for. */
import { drawColourFilters } from '../../pictures/filters'
import { headsShown, PARTS } from '../../pictures/heads'
import { pictureFor } from '../../pictures/paper/choose'
import type { Subject } from '../../pictures/paper/picture'
import { arrange, tiled, type Sheet, type Size } from '../../pictures/paper/sheet'
import type { Manifest, TensorEntry } from '../../run/manifest'
import type { Inking } from '../painting/painter'

export interface Way {
  readonly name: string
  /** On its button. */
  readonly title: string
  /** For a tooltip. */
  readonly meaning: string
  /** The tensor in a few words. */
  readonly caption: string
  draw(probe: number, size: Size): Sheet
  /** The picture of one part: a filter, a row. Null where it is a plain row of cells. */
  readonly tile: Tile | null
  /** Whether its tiles are no pictures: their cells may be oblong. */
  readonly isOblong: boolean
  /** Words for the columns and rows of tiles, where they are not numbers of the tensor. */
  readonly across: readonly string[]
  readonly down: readonly string[]
}

/** How one part is laid: rows and columns of cells, whose values follow each other; of colours, three together. */
export interface Tile {
  readonly kind: 'heat' | 'rgb'
  readonly tiles: number
  readonly rows: number
  readonly columns: number
}

/** All ways there are to look at a tensor; the first tells most. */
export function waysOf(tensor: TensorEntry, manifest: Manifest): readonly Way[] {
  const plain = plainWay(tensor, manifest)
  const telling = colourWay(tensor, manifest) ?? imageWay(tensor, manifest)
  return telling ? [telling, plain] : [plain]
}

function plainWay(tensor: TensorEntry, manifest: Manifest): Way {
  const picture = pictureFor(tensor)
  const { count: probes } = manifest.probes
  const heads = headsOf(tensor, manifest)
  const subject = (probe: number): Subject => ({ tensor, probe, probes, ...(heads > 0 ? { heads } : {}) })
  const isHeads = picture.name === 'heads'
  const names = isHeads ? Array.from({ length: headsShown(tensor, heads || 1) }, (_, i) => `head ${i}`) : []
  const rows = names.length > 1 ? names : []
  const isBeside = tensor.shape[1] === 3 * (tensor.shape[0] ?? 0)
  return {
    name: 'plain',
    title: picture.name === 'filters' ? 'each channel' : picture.name,
    meaning: `as ${picture.name}, every value on the colour scale`,
    caption: picture.caption(tensor),
    draw: (probe, size) => picture.draw(subject(probe), size),
    tile: tileOf(tensor, probes),
    isOblong: isHeads,
    across: isHeads ? (isBeside ? rows : PARTS) : [],
    down: isHeads ? (isBeside ? PARTS : rows) : [],
  }
}

/** The shape of one part: what is left of the kept values when the first axis (and the probe) is chosen. */
function tileOf(tensor: TensorEntry, probes: number): Tile | null {
  const isEach = tensor.role === 'activation' && probes > 0 && tensor.shape[0] === probes
  const inner = tensor.kept.slice(isEach ? 2 : 1)
  const [columns = 1, rows = 1] = [inner.at(-1), inner.at(-2)]
  if (inner.length < 2 || rows * columns === 1) return null
  const tiles = inner.slice(0, -2).reduce((product, length) => product * length, 1)
  return { kind: 'heat', tiles, rows, columns }
}

/** Filters that read a photograph: red, green and blue as one colour. */
function colourWay(tensor: TensorEntry, manifest: Manifest): Way | null {
  const [, channels, rows = 1, columns = 1] = tensor.kept
  const isColour = manifest.probes.inputs.some(({ isImage, shape }) => isImage && shape[1] === 3)
  const isFilter = tensor.role !== 'activation' && tensor.shape.length === 4 && tensor.shape[1] === 3
  if (!isFilter || channels !== 3 || !isColour || rows * columns === 1) return null
  if (!readsInput(tensor, manifest)) return null
  return {
    name: 'colour',
    title: 'as colour',
    meaning: 'the weights of red, green and blue as one colour: grey is 0, brighter is above, darker below',
    caption: `${tensor.shape[0] ?? 1} filters ${columns} × ${rows}, red, green and blue as one colour; grey is 0`,
    draw: (_, size) => drawColourFilters(tensor, size),
    tile: { kind: 'rgb', tiles: 1, rows, columns },
    isOblong: false,
    across: [],
    down: [],
  }
}

/** Rows of a first layer that reads a flattened image: a value for each pixel, laid where the pixel was. */
function imageWay(tensor: TensorEntry, manifest: Manifest): Way | null {
  const [outputs = 0, pixels = 0] = tensor.kept
  if (tensor.role === 'activation' || tensor.shape.length !== 2 || tensor.shape[1] !== pixels) return null
  const input = manifest.probes.inputs.find(
    ({ isImage, shape }) =>
      isImage && shape.slice(1).reduce((product, length) => product * length, 1) === pixels,
  )
  const [rows = 0, columns = 0] = [input?.shape.at(-2), input?.shape.at(-1)]
  if (!input || rows * columns !== pixels || pixels < 4 || !readsInput(tensor, manifest)) return null
  return {
    name: 'images',
    title: 'as images',
    meaning: 'each row laid out as the image that it reads: a weight where its pixel is',
    caption: `${outputs} rows, each laid as the image it reads, ${columns} × ${rows}`,
    draw: (_, size) =>
      tiled({
        start: tensor.offset,
        tiles: outputs,
        across: arrange(outputs, columns, rows, 1, size),
        tileRows: rows,
        tileColumns: columns,
        gap: 1,
      }),
    tile: { kind: 'heat', tiles: 1, rows, columns },
    isOblong: false,
    across: [],
    down: [],
  }
}

/** Whether nothing with weights stands between a tensor's layer and the inputs. */
function readsInput({ name }: TensorEntry, { graph }: Manifest): boolean {
  const weight = name.replace(/\/[^/]*$/, '') // of optimizer state
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  let [at] = graph.nodes.filter(({ tensors }) => tensors.includes(weight))
  for (let hops = 0; at && hops < graph.nodes.length; hops++) {
    const { id } = at
    const sources = graph.edges.filter(({ target }) => target === id)
    at = sources.length === 1 ? nodes.get(sources[0]?.source ?? '') : undefined
    if (at?.kind === 'input') return true
    if (at?.tensors.length) return false
  }
  return false
}

/** How many heads an attention layer has, as what its own functions put out shows: (probe, head, position, …). */
export function headsOf({ module, name }: TensorEntry, { graph, probes }: Manifest): number {
  const inside = module || name.replace(/\.[^.]*$/, '')
  const group = inside.replace(/\.?[^.]*$/, '')
  const made = graph.nodes.find(
    (node) =>
      node.group === group &&
      (node.type === 'softmax' || node.type === 'scaled_dot_product_attention') &&
      node.shape.length === 4 &&
      node.shape[0] === probes.count,
  )
  return made?.shape[1] ?? 0
}

/** The ink of values that are shown as colours: 0 in the middle of the brightness, the end of the scale at its end. */
export function colourInk({ gain, baseGain }: Inking): Inking {
  return { gain: gain / 2, bias: 0.5, baseGain: baseGain / 2 }
}

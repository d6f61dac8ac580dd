/** The input space of a model with two inputs: what it answers on an even grid of them. */
import { valueOf } from './codes'
import { broken } from './errors'
import type { Fields } from './fields'
import type { Values } from './values'

/** The maps of one output of the model, or of one hidden layer. */
export interface SpaceLayer {
  /** The graph node whose output this is. */
  readonly node: string
  readonly isOutput: boolean
  /** How many units it has, and which of them have a map. */
  readonly units: number
  readonly chosen: readonly number[]
  /** A map keeps every so manyth row and column of the grid, the first and last among them. */
  readonly stride: number
  /** How many rows, and columns, that are. */
  readonly side: number
  /** Where its maps begin in a row of `space/maps`, and their scales in one of `space/scales`. */
  readonly offset: number
  readonly firstMap: number
}

export interface Space {
  /** The name of the probes' input that the grid stands in for. */
  readonly input: string
  /** The range of the first input and of the second. */
  readonly low: readonly [number, number]
  readonly high: readonly [number, number]
  readonly side: number
  readonly layers: readonly SpaceLayer[]
  /** How many values, and maps, a frame has. */
  readonly width: number
  readonly maps: number
}

/** The maps of one frame. */
export interface SpaceRow {
  readonly codes: Int16Array
  readonly scales: Float32Array
}

/** A recorder shows 65 × 65 inputs at most. A run that claims many more is not read. */
const MOST_SIDE = 513
const MOST_MAPS = 4096

export function readSpace(f: Fields): Space {
  const side = f.whole('side')
  if (side < 2 || side > MOST_SIDE) throw broken(`its input space has ${side} inputs a side`)
  const [low, high] = [pair(f, 'low'), pair(f, 'high')]
  if (!(low[0] < high[0] && low[1] < high[1])) {
    throw broken(`its input space goes from ${low.join(', ')} to ${high.join(', ')}`)
  }
  let [offset, firstMap] = [0, 0]
  const layers = f.items('layers', (item) => {
    const layer = readLayer(item, side, firstMap)
    if (layer.offset !== offset) throw broken(`the maps of '${layer.node}' begin at ${layer.offset}`)
    offset += layer.chosen.length * layer.side ** 2
    firstMap += layer.chosen.length
    return layer
  })
  if (firstMap > MOST_MAPS) throw broken(`its input space has ${firstMap} maps`)
  return { input: f.text('input'), low, high, side, layers, width: offset, maps: firstMap }
}

function readLayer(f: Fields, gridSide: number, firstMap: number): SpaceLayer {
  const [node, units, chosen] = [f.text('node'), f.whole('units'), f.wholes('chosen')]
  const isClimbing = chosen.every((unit, i) => unit > (chosen[i - 1] ?? -1))
  if (!isClimbing || !chosen.length || (chosen.at(-1) ?? 0) >= units) {
    throw broken(`its input space shows units ${chosen.slice(0, 8).join(', ')} of the ${units} of '${node}'`)
  }
  const stride = f.whole('stride')
  if (stride < 1 || (gridSide - 1) % stride) throw broken(`'${node}' is shown at every ${stride} inputs`)
  const side = (gridSide - 1) / stride + 1
  const isOutput = f.flag('is_output')
  return { node, isOutput, units, chosen, stride, side, offset: f.whole('offset'), firstMap }
}

function pair(f: Fields, name: string): readonly [number, number] {
  const [first, second, ...more] = f.numbers(name)
  if (first === undefined || second === undefined || more.length) {
    throw broken(`its input space has ${name} of ${more.length + 2} numbers, not two`)
  }
  return [first, second]
}

/** The maps of a frame out of the rows of its arrays; null where it has none. */
export function spaceOf(space: Space | null, maps: Values | null, scales: Values | null): SpaceRow | null {
  if (!space || !maps || !scales) return null
  const isWhole = maps.length === space.width && scales.length === space.maps
  if (!(maps instanceof Int16Array) || !(scales instanceof Float32Array) || !isWhole) {
    throw broken(`the maps of its input space are ${maps.length} values with ${scales.length} scales`)
  }
  return { codes: maps, scales }
}

/** The codes of one map, a row for each second input; null where the frame has no such map. */
export function mapIn(row: SpaceRow, layer: SpaceLayer, index: number): Int16Array | null {
  if (Number.isNaN(row.scales[layer.firstMap + index] ?? NaN)) return null
  const size = layer.side ** 2
  return row.codes.subarray(layer.offset + index * size, layer.offset + (index + 1) * size)
}

/** The values of one map; null where the frame has no such map. */
export function valuesOfMap(row: SpaceRow, layer: SpaceLayer, index: number): Float32Array | null {
  const scale = row.scales[layer.firstMap + index] ?? NaN
  return (
    mapIn(row, layer, index) &&
    Float32Array.from(mapIn(row, layer, index) ?? [], (code) => valueOf(code, scale))
  )
}

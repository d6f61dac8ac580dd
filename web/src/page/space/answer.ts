/** What the maps of a run's outputs amount to: classes, one class or the other, or plain values. */
import { contourOf, type Regions } from '../../pictures/space'
import type { Manifest } from '../../run/manifest'
import { valuesOfMap, type Space, type SpaceLayer, type SpaceRow } from '../../run/space'
import { answersOf } from '../probes/answers'

/**
 * How the outputs are read: `classes` by the largest of several scores, `halves` by whether one value lies above a
 * threshold.
 */
export interface Reading {
  readonly kind: 'classes' | 'halves'
  readonly layer: SpaceLayer
  /** Of `halves`: where the answer turns. */
  readonly threshold: number
  readonly classes: number
}

/** The reading of a run; null where its outputs are values and no answers, or not all of them are kept. */
export function readingOf(manifest: Manifest): Reading | null {
  const outputs = manifest.space?.layers.filter(({ isOutput }) => isOutput) ?? []
  const { labels, count } = manifest.probes
  const answers = answersOf(manifest.probes)
  for (const layer of outputs) {
    const isClassifier = answers.some(
      ({ output, isClassifier }) => isClassifier && output.name === layer.node,
    )
    if (isClassifier && layer.chosen.length === layer.units) {
      return { kind: 'classes', layer, threshold: 0, classes: layer.units }
    }
    const isHalved = labels.length === count && labels.every((label) => label < 2)
    if (layer.units === 1 && count > 0 && isHalved) {
      return { kind: 'halves', layer, threshold: isSquashed(manifest, layer.node) ? 0.5 : 0, classes: 2 }
    }
  }
  return null
}

/** Whether what an output gives comes out of a sigmoid: then it turns at a half, and not at 0. */
function isSquashed({ graph }: Manifest, output: string): boolean {
  const sources = graph.edges.filter(({ target }) => target === output).map(({ source }) => source)
  return graph.nodes.some(({ id, type }) => sources.includes(id) && /^sigmoid$/i.test(type))
}

/** What is read at every place of the grid, and where that turns; null where the frame has no map. */
export interface Read extends Regions {
  readonly contours: readonly Float32Array[]
}

export function read({ kind, layer, threshold }: Reading, row: SpaceRow): Read | null {
  const maps = layer.chosen.map((_, i) => valuesOfMap(row, layer, i))
  if (maps.some((map) => map === null)) return null
  const known = maps as readonly Float32Array[]
  return kind === 'classes' ? readClasses(known, layer.side) : readHalves(known[0], threshold, layer.side)
}

function readHalves(values: Float32Array = new Float32Array(), threshold: number, side: number): Read {
  const best = new Int16Array(values.length)
  const sureness = new Float32Array(values.length)
  const above = values.map((value) => value - threshold)
  for (let i = 0; i < values.length; i++) {
    const value = above[i] ?? NaN
    best[i] = Number.isNaN(value) ? -1 : value > 0 ? 1 : 0
    // A value that is a logit becomes a probability; one that is a probability is one already.
    const share = threshold > 0 ? value + threshold : 1 / (1 + Math.exp(-value))
    sureness[i] = Math.abs(2 * share - 1)
  }
  return { best, sureness, contours: [contourOf(above, side)] }
}

function readClasses(scores: readonly Float32Array[], side: number): Read {
  const places = side * side
  const best = new Int16Array(places)
  const sureness = new Float32Array(places)
  const areShares = sharesAlready(scores, places)
  for (let i = 0; i < places; i++) {
    const label = bestAt(scores, i)
    best[i] = label
    if (label < 0) continue
    const top = scores[label]?.[i] ?? 0
    let total = 0
    for (const score of scores) total += Math.exp((score[i] ?? 0) - top)
    const share = areShares ? top : 1 / total
    sureness[i] = Math.max(0, (share - 1 / scores.length) / (1 - 1 / scores.length))
  }
  return { best, sureness, contours: borders(scores, places, side) }
}

/** The class with the largest score at a place; -1 where a score is not a number. */
function bestAt(scores: readonly Float32Array[], at: number): number {
  let [best, top] = [-1, -Infinity]
  for (let label = 0; label < scores.length; label++) {
    const score = scores[label]?.[at] ?? NaN
    if (Number.isNaN(score)) return -1
    if (score > top) [best, top] = [label, score]
  }
  return best
}

/** Whether the scores sum to 1 everywhere: a model that ends in a softmax. */
function sharesAlready(scores: readonly Float32Array[], places: number): boolean {
  for (let i = 0; i < places; i += 37) {
    const sum = scores.reduce((total, score) => total + (score[i] ?? 0), 0)
    if (Math.abs(sum - 1) > 1e-3 || scores.some((score) => (score[i] ?? 0) < 0)) return false
  }
  return true
}

/** Where each class ends: its score against the largest of the others. Of two classes one line says all. */
function borders(scores: readonly Float32Array[], places: number, side: number): readonly Float32Array[] {
  const lead = new Float32Array(places)
  return scores.slice(scores.length === 2 ? 1 : 0).map((score) => {
    for (let i = 0; i < places; i++) {
      let other = -Infinity
      for (const rival of scores) if (rival !== score) other = Math.max(other, rival[i] ?? NaN)
      lead[i] = (score[i] ?? NaN) - other
    }
    return contourOf(lead, side)
  })
}

/** One map that is looked at: a unit of a layer. */
export interface Unit {
  readonly layer: SpaceLayer
  /** Its place among the layer's maps. */
  readonly index: number
}

/** `layer/relu/17`: how the address names a unit. */
export function nameOf({ layer, index }: Unit): string {
  return `${layer.node}/${layer.chosen[index] ?? 0}`
}

/** The unit that an address names; null where the run has no such map. */
export function unitOf(space: Space, name: string): Unit | null {
  const slash = name.lastIndexOf('/')
  const layer = space.layers.find(({ node }) => node === name.slice(0, slash))
  const index = layer?.chosen.indexOf(Number(name.slice(slash + 1) || NaN)) ?? -1
  return layer && index >= 0 ? { layer, index } : null
}

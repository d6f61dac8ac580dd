/** What a node's colour tells when it is no picture: how much a step changes its weights, or what was noticed of it. */
import { isDeep, ratioColour, ratioShare } from '../../pictures/paper/ratio'
import { brief } from '../../pictures/paper/scale'
import type { Graph, GraphNode } from '../../run/graph'
import type { TensorEntry } from '../../run/manifest'
import type { Run } from '../../run/run'
import type { Note } from '../../run/status'
import { counted } from '../numbers'
import type { Level } from './level'
import type { Leaf } from './visible'

export const COLOURINGS = ['picture', 'ratio', 'health'] as const
export type Colouring = (typeof COLOURINGS)[number]

export const COLOURING_WORDS: Readonly<
  Record<Colouring, { readonly name: string; readonly meaning: string }>
> = {
  picture: { name: 'picture', meaning: 'every node shows its values; from far away, its update ratio' },
  ratio: {
    name: 'update ratio',
    meaning: 'how much one step changes the weights: the norm of the change over the norm of the weights',
  },
  health: { name: 'health', meaning: 'which nodes the health checks noticed something of, up to this frame' },
}

/** What is coloured, by what is asked for: from far away no picture is read. */
export function colouringOf(asked: string | undefined, level: Level, hasRatios: boolean): Colouring {
  if (asked === 'health' || (asked === 'ratio' && hasRatios)) return asked
  if (level !== 'far') return 'picture'
  return hasRatios ? 'ratio' : 'health'
}

export function nodesOf(leaf: Leaf): readonly GraphNode[] {
  return leaf.kind === 'node' ? [leaf.node] : leaf.inside
}

/** The weights of a node, or of all nodes inside a closed group. */
export function weightsOf(leaf: Leaf, tensors: ReadonlyMap<string, TensorEntry>): readonly TensorEntry[] {
  const names = new Set(nodesOf(leaf).flatMap((node) => node.tensors))
  return [...names].flatMap((name) => tensors.get(`weight/${name}`) ?? [])
}

/** The update ratio of some weights together: the norm of all their changes over the norm of all of them. */
export function ratioOf(weights: readonly TensorEntry[], frame: number, run: Run): number {
  let [change, whole] = [0, 0]
  for (const { index } of weights) {
    const norm = run.statistics.at(frame, index, 'norm')
    const ratio = run.statistics.at(frame, index, 'ratio')
    if (!Number.isFinite(ratio) || !Number.isFinite(norm)) continue
    change += (ratio * norm) ** 2
    whole += norm ** 2
  }
  return whole > 0 ? Math.sqrt(change / whole) : NaN
}

/** A health note, and the frame from which on it concerns its node. */
export interface Sign {
  readonly frame: number
  readonly sentence: string
}

/** The health notes by the node that they are about. */
export function signsOf(
  notes: readonly Note[],
  graph: Graph,
  run: Run,
): ReadonlyMap<string, readonly Sign[]> {
  const signs = new Map<string, Sign[]>()
  for (const { tensor, frame, step, sentence } of notes) {
    const [, name = tensor] = /^(?:weight|gradient|activation|optimizer)\/(.*)$/.exec(tensor) ?? []
    const sign = { frame: frame >= 0 ? frame : run.frames.nearest(step), sentence }
    for (const node of graph.nodes) {
      if (node.id !== name && !node.tensors.includes(name)) continue
      signs.set(node.id, [...(signs.get(node.id) ?? []), sign])
    }
  }
  return signs
}

/** The health notes of a node, or of all nodes inside a closed group, in the order of time. */
export function leafSigns(leaf: Leaf, signs: ReadonlyMap<string, readonly Sign[]>): readonly Sign[] {
  const found = nodesOf(leaf).flatMap((node) => signs.get(node.id) ?? [])
  return found.length > 1 ? found.sort((a, b) => a.frame - b.frame) : found
}

/** What is said of a leaf up to a frame, a sentence a line. */
export function saidOf(signs: readonly Sign[], frame: number): string {
  if (signs.length === 0) return '' // nearly always, and it is asked at every frame
  return signs
    .filter((sign) => sign.frame <= frame)
    .map(({ sentence }) => sentence)
    .join('\n')
}

/** A node as a block of one colour. */
export interface Block {
  readonly colour: string
  /** What stands in it, where there is room. */
  readonly figure: string
  readonly isDeep: boolean
}

const UNKNOWN: Block = { colour: 'var(--line)', figure: '', isDeep: false }
const WELL: Block = { colour: 'var(--well)', figure: '', isDeep: false }

export function ratioBlock(ratio: number, theme: 'light' | 'dark'): Block {
  const share = ratioShare(ratio)
  if (Number.isNaN(share)) return UNKNOWN
  return { colour: ratioColour(share, theme), figure: brief(ratio), isDeep: isDeep(share, theme) }
}

export function healthBlock(signs: readonly Sign[], frame: number): Block {
  const count = signs.filter((sign) => sign.frame <= frame).length
  return count ? { colour: 'var(--live)', figure: counted(count, 'note'), isDeep: true } : WELL
}

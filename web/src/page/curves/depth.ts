/** What the strip over the depth shows: which number of which tensors, on which one scale for the run. */
import type { Manifest, Role, Statistic, TensorEntry } from '../../run/manifest'
import type { StatisticsTable } from '../../run/tables'

export const STRIPS = ['gradient', 'ratio', 'activation', 'dead'] as const
export type Strip = (typeof STRIPS)[number]

interface Kind {
  readonly label: string
  /** For a tooltip. */
  readonly meaning: string
  readonly role: Role
  readonly statistic: Statistic
  /** A share is from 0 to 1; anything else is read by its logarithm. */
  readonly isShare: boolean
}

export const KINDS: Readonly<Record<Strip, Kind>> = {
  gradient: {
    label: 'gradient norm',
    meaning: 'the length √Σg² of the gradient of a layer: how hard the loss pulls at it',
    role: 'gradient',
    statistic: 'norm',
    isShare: false,
  },
  ratio: {
    label: 'update ratio',
    meaning: 'how far one step moved the weights of a layer, as a share of their own length: ‖Δw‖ / ‖w‖',
    role: 'weight',
    statistic: 'ratio',
    isShare: false,
  },
  activation: {
    label: 'activation norm',
    meaning: 'the length √Σa² of what a layer makes of the probes',
    role: 'activation',
    statistic: 'norm',
    isShare: false,
  },
  dead: {
    label: 'dead units',
    meaning: 'the share of units of a layer that are 0 on every probe',
    role: 'activation',
    statistic: 'dead',
    isShare: true,
  },
}

export function stripOf(text: string | undefined): Strip {
  return STRIPS.find((strip) => strip === text) ?? 'gradient'
}

/** The tensors of a role from the input to the output: weight matrices, without biases where there are any. */
export function byDepth(manifest: Manifest, role: Role): readonly TensorEntry[] {
  const order = new Map<string, number>()
  for (const { id, tensors } of manifest.graph.nodes) {
    for (const name of role === 'activation' ? [id] : tensors) {
      if (!order.has(name)) order.set(name, order.size)
    }
  }
  const place = ({ name, index }: TensorEntry) => order.get(name) ?? order.size + index
  const all = manifest.tensors.filter((tensor) => tensor.role === role)
  const matrices = all.filter(({ shape }) => shape.filter((length) => length > 1).length >= 2)
  return [...(role !== 'activation' && matrices.length ? matrices : all)].sort((a, b) => place(a) - place(b))
}

export interface Scale {
  readonly low: number
  readonly high: number
  readonly isLog: boolean
}

/** A logarithmic scale goes down at most so many decades: below, all is as good as nothing. */
const MOST_DECADES = 8

export interface Matrix {
  /** (row, frame) laid flat: the number, NaN where there is none, Infinity where values were not finite. */
  readonly values: Float32Array
  readonly scale: Scale
  /** How many cells were not finite, and how many exactly 0. */
  readonly notFinite: number
  readonly zeros: number
}

/** One number of some tensors at every frame, and the scale that holds it for the whole run. */
export function matrixOf(strip: Strip, tensors: readonly TensorEntry[], statistics: StatisticsTable): Matrix {
  const { statistic, isShare } = KINDS[strip]
  const frames = statistics.count
  const values = new Float32Array(tensors.length * frames).fill(NaN)
  let [least, greatest, notFinite, zeros] = [Infinity, 0, 0, 0]
  for (const [row, { index }] of tensors.entries()) {
    for (let frame = 0; frame < frames; frame++) {
      const value = statistics.at(frame, index, statistic)
      const strange = statistics.at(frame, index, 'nan') + statistics.at(frame, index, 'inf')
      const isStrange = strange > 0 || Math.abs(value) === Infinity
      values[row * frames + frame] = isStrange ? Infinity : value
      if (isStrange) notFinite++
      else if (value > 0) {
        least = Math.min(least, value)
        greatest = Math.max(greatest, value)
      } else if (value === 0) zeros++
    }
  }
  return { values, scale: isShare ? SHARES : scaleOf(least, greatest), notFinite, zeros }
}

const SHARES: Scale = { low: 0, high: 1, isLog: false }

/** Whole decades around the values. */
function scaleOf(least: number, greatest: number): Scale {
  if (!(greatest > 0)) return { low: 1e-3, high: 1, isLog: true }
  const high = Math.ceil(Math.log10(greatest) - 1e-6)
  const low = Math.max(Math.floor(Math.log10(least) + 1e-6), high - MOST_DECADES)
  return { low: 10 ** Math.min(low, high - 1), high: 10 ** high, isLog: true }
}

/** A number as a share of its scale; 0 is the low end. What is not finite, and what is not there, stays so. */
export function shareOn(value: number, { low, high, isLog }: Scale): number {
  if (!(Math.abs(value) < Infinity)) return value
  if (!isLog) return (value - low) / (high - low)
  return value <= low ? 0 : Math.log(value / low) / Math.log(high / low)
}

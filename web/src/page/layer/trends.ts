/** Which statistics of a tensor are drawn over time: those that tell something for its role. */
import type { Statistic, TensorEntry } from '../../run/manifest'
import type { Run } from '../../run/run'

export interface Statistics {
  readonly title: string
  /** For a tooltip. */
  readonly meaning: string
  /** One a frame; NaN where there is none. */
  readonly values: Float32Array
  /** What is drawn as a band around it. */
  readonly spread: Float32Array | null
  readonly isShare: boolean
}

interface Kind {
  readonly statistic: Statistic
  readonly title: string
  readonly meaning: string
  readonly spread?: Statistic
  readonly isShare?: boolean
  /** Left out where it never is above 0. */
  readonly isRare?: boolean
}

const KINDS: readonly Kind[] = [
  {
    statistic: 'ratio',
    title: 'update ratio',
    meaning: 'how far the last step moved it, as a share of its norm; about 0.001 is usual',
  },
  { statistic: 'norm', title: 'norm', meaning: 'the root of the sum of squares of its values' },
  {
    statistic: 'mean',
    title: 'mean ± std',
    meaning: 'the mean of its values, and as a band the standard deviation around it',
    spread: 'std',
  },
  {
    statistic: 'zeros',
    title: 'zeros',
    meaning: 'the share of values that are exactly 0',
    isShare: true,
    isRare: true,
  },
  {
    statistic: 'dead',
    title: 'dead units',
    meaning: 'the share of units that are 0 on every probe',
    isShare: true,
    isRare: true,
  },
  { statistic: 'nan', title: 'NaN', meaning: 'how many values are not a number', isRare: true },
  { statistic: 'inf', title: 'infinite', meaning: 'how many values are infinite', isRare: true },
]

/** Those that a tensor has, at every frame. */
export function statisticsOf(run: Run, tensor: TensorEntry): readonly Statistics[] {
  return KINDS.flatMap(({ statistic, spread, title, meaning, isShare = false, isRare = false }) => {
    const values = columnOf(run, tensor, statistic)
    const isThere = values.some((value) => (isRare ? value > 0 : !Number.isNaN(value)))
    const around = spread ? columnOf(run, tensor, spread) : null
    return isThere ? [{ title, meaning, values, spread: around, isShare }] : []
  })
}

function columnOf(run: Run, { index }: TensorEntry, statistic: Statistic): Float32Array {
  return Float32Array.from({ length: run.statistics.count }, (_, frame) =>
    run.statistics.at(frame, index, statistic),
  )
}

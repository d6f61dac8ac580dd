/** What a run says of itself once: the model, its tensors and which values are kept, the graph, the probes. */
import { broken, RunError } from './errors'
import { Fields, MOST, size } from './fields'
import { readGraph, type Graph } from './graph'
import { readLandscapeEntry, type LandscapeEntry } from './landscape'
import { readSpace, type Space } from './space'

/** The newest format that this page reads. */
export const FORMAT = 1

export const ROLES = ['weight', 'gradient', 'activation', 'optimizer'] as const
export type Role = (typeof ROLES)[number]

/** The columns of the `statistics` array, in the order of FORMAT.md. */
export const STATISTICS = [
  'norm',
  'mean',
  'std',
  'min',
  'max',
  'zeros',
  'nan',
  'inf',
  'ratio',
  'dead',
  'scale',
] as const
export type Statistic = (typeof STATISTICS)[number]

/** One tensor of the model in one role, and the sub-grid of it that every frame keeps. */
export interface TensorEntry {
  /** Its place in the manifest, and its row in `statistics`. */
  readonly index: number
  /** Unique in the run: `weight/conv1.weight`. */
  readonly key: string
  readonly name: string
  readonly role: Role
  /** The whole tensor. For an activation the first axis is the probe. */
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** What a frame keeps: `tensor[::strides[0], ::strides[1], …]`. */
  readonly kept: readonly number[]
  /** How many values the tensor has, and how many of them a frame keeps. */
  readonly size: number
  readonly count: number
  /** Where its kept values begin in a row of `pictures/<role>`. */
  readonly offset: number
  readonly dtype: string
  /** How many values its statistics are taken from. */
  readonly measured: number
  readonly module: string
  readonly aliases: readonly string[]
}

/** One input or output of the probes. */
export interface ProbeArray {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
  readonly offset: number
  readonly isImage: boolean
}

export interface Probes {
  readonly count: number
  readonly inputs: readonly ProbeArray[]
  readonly outputs: readonly ProbeArray[]
  readonly embedding: ProbeArray | null
  readonly labels: readonly number[]
  readonly classes: readonly string[]
}

/** One entry of the state dict that is kept whole at every frame. */
export interface ExactEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
  readonly array: 'float32' | 'float64'
  readonly offset: number
  readonly count: number
}

export interface Manifest {
  readonly title: string
  readonly created: string
  /** A few words to find the run by. */
  readonly tags: readonly string[]
  /** What it was recorded with: `onionskin`, `python`, `torch`, `machine`, as far as they are known. */
  readonly software: Readonly<Record<string, string>>
  readonly model: { readonly type: string; readonly parameters: number; readonly trainable: number }
  readonly tensors: readonly TensorEntry[]
  readonly graph: Graph
  readonly probes: Probes
  readonly exact: readonly ExactEntry[]
  /** Null for a model that does not have two inputs. */
  readonly space: Space | null
  readonly budget: { readonly asked: number; readonly every: number | null }
  /** What this copy leaves out of the run that was recorded; null for the run itself and for a whole copy. */
  readonly thinned: Thinned | null
  /** Null where nobody has asked for one. */
  readonly landscape: LandscapeEntry | null
  /** Null where the run has no programs beside it. */
  readonly peel: PeelEntry | null
  /** The reports of the practice around the model. */
  readonly practice: readonly PracticeEntry[]
}

/** What is said of the programs of a run (peel.ts reads them): whose arrays were kept, and which levels there are. */
export interface PeelEntry {
  readonly level: string
  readonly levels: readonly string[]
}

/** What is said of a report of the practice (practice.ts reads it). */
export interface PracticeEntry {
  /** It names the file. */
  readonly name: string
  readonly title: string
  readonly created: string
}

/** What a copy of a run says of itself. */
export interface Thinned {
  /** How many frames were recorded. */
  readonly frames: number
  /** What was left out, in words: `180 of 231 frames`. */
  readonly leftOut: readonly string[]
  /** Whether the run was still being recorded when it was copied. */
  readonly wasGrowing: boolean
}

/** Check and read the manifest of a run that may come from a stranger. */
export function readManifest(content: unknown): Manifest {
  const f = new Fields(content, 'manifest')
  const format = f.whole('format')
  if (format > FORMAT) {
    throw new RunError(
      `this run has format ${format}, and this page reads formats up to ${FORMAT}`,
      'update Onionskin: pip install --upgrade onionskin',
    )
  }
  checkColumns(f)
  const model = f.inner('model')
  const budget = f.inner('budget')
  let index = 0
  const tensors = f.items('tensors', (t) => readTensor(t, index++))
  if (new Set(tensors.map((t) => t.key)).size !== tensors.length) {
    throw broken('two of its tensors have one name')
  }
  return {
    title: f.text('title', ''),
    created: f.text('created', ''),
    tags: f.texts('tags'),
    software: f.has('software') ? readSoftware(f.inner('software')) : {},
    model: {
      type: model.text('type'),
      parameters: model.whole('parameters'),
      trainable: model.whole('trainable'),
    },
    tensors,
    graph: f.has('graph') ? readGraph(f.inner('graph')) : { nodes: [], groups: [], edges: [], partial: '' },
    probes: readProbes(f.inner('probes')),
    exact: f.items('exact', readExact),
    space: f.has('space') ? readSpace(f.inner('space')) : null,
    budget: { asked: budget.number('asked'), every: budget.has('every') ? budget.whole('every') : null },
    landscape: f.has('landscape') ? readLandscapeEntry(f.inner('landscape')) : null,
    peel: f.has('peel') ? readPeelEntry(f.inner('peel')) : null,
    practice: readPractice(f),
    thinned: f.has('thinned') ? readThinned(f.inner('thinned')) : null,
  }
}

/** The honest line: `showing 4,096 of 2,359,296`. */
export function showing(count: number, of: number): string {
  const whole = of.toLocaleString('en')
  return count === of ? `showing all ${whole}` : `showing ${count.toLocaleString('en')} of ${whole}`
}

function readPeelEntry(f: Fields): PeelEntry {
  const entry = { level: f.text('level'), levels: f.texts('levels') }
  const { level, levels } = entry
  const areNames = levels.every(({ length }) => length > 0 && length <= 40)
  if (!areNames || levels.length > 9 || new Set(levels).size !== levels.length || !levels.includes(level)) {
    throw broken(`its peel is of the level '${level.slice(0, 40)}', and has ${levels.length} levels`)
  }
  return entry
}

function readPractice(f: Fields): readonly PracticeEntry[] {
  const entries = f.items('practice', (p) => ({
    name: p.text('name'),
    title: p.text('title'),
    created: p.text('created', ''),
  }))
  const names = new Set(entries.map(({ name }) => name))
  const areNames = entries.every(
    ({ name, title }) => /^[a-z][a-z0-9_-]{0,39}$/.test(name) && title.length <= 300,
  )
  if (!areNames || names.size !== entries.length || names.size > 64) {
    throw broken(`it lists ${entries.length} reports, and not each by a name of its own`)
  }
  return entries
}

function readSoftware(f: Fields): Record<string, string> {
  const names = ['onionskin', 'python', 'torch', 'machine'].filter((name) => f.has(name))
  return Object.fromEntries(names.map((name) => [name, f.text(name)]))
}

function checkColumns(f: Fields): void {
  const columns = f.texts('statistics')
  if (STATISTICS.some((name, i) => columns[i] !== name)) {
    throw broken(`its statistics are '${columns.slice(0, 12).join(', ')}'`)
  }
}

function readTensor(f: Fields, index: number): TensorEntry {
  const name = f.text('name')
  const role = f.text('role')
  if (!isRole(role)) throw broken(`tensor '${name}' has the role '${role}'`)
  const shape = f.shape('shape')
  const strides = f.shape('strides')
  if (strides.length !== shape.length || strides.includes(0)) {
    throw broken(`tensor '${name}' has shape [${shape.join(', ')}] and strides [${strides.join(', ')}]`)
  }
  const kept = shape.map((length, axis) => Math.ceil(length / (strides[axis] ?? 1)))
  const offset = f.whole('offset')
  if (offset + size(kept) > MOST) throw broken(`tensor '${name}' begins at ${offset}`)
  return {
    index,
    key: `${role}/${name}`,
    name,
    role,
    shape,
    strides,
    kept,
    size: size(shape),
    count: size(kept),
    offset,
    dtype: f.text('dtype'),
    measured: f.whole('measured'),
    module: f.text('module', ''),
    aliases: f.texts('aliases'),
  }
}

function isRole(role: string): role is Role {
  return (ROLES as readonly string[]).includes(role)
}

function readProbes(f: Fields): Probes {
  const probes = {
    count: f.whole('count'),
    inputs: f.items('inputs', readProbeArray),
    outputs: f.items('outputs', readProbeArray),
    embedding: f.has('embedding') ? readProbeArray(f.inner('embedding')) : null,
    labels: f.wholes('labels'),
    classes: f.texts('classes'),
  }
  if (probes.count > 100_000) throw broken(`it says that it has ${probes.count} probes`)
  return probes
}

function readProbeArray(f: Fields): ProbeArray {
  return {
    name: f.text('name'),
    shape: f.shape('shape'),
    dtype: f.text('dtype'),
    offset: f.whole('offset', 0),
    isImage: f.flag('is_image', false),
  }
}

function readThinned(f: Fields): Thinned {
  return {
    frames: f.whole('frames'),
    leftOut: f.texts('left_out'),
    wasGrowing: f.flag('was_growing', false),
  }
}

function readExact(f: Fields): ExactEntry {
  const dtype = f.text('dtype')
  const shape = f.shape('shape')
  const array = f.text('array')
  if (array !== 'float32' && array !== 'float64') throw broken(`exact values lie in '${array}'`)
  const count = size(shape) * (dtype.startsWith('complex') ? 2 : 1)
  return { name: f.text('name'), shape, dtype, array, offset: f.whole('offset'), count }
}

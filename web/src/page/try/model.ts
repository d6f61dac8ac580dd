/** The model of a run, to be run at any frame: its ONNX file, fed with the exact weights of that frame. */
import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import { RunError } from '../../run/errors'
import { size } from '../../run/fields'
import type { Run } from '../../run/run'
import type { Values } from '../../run/values'
import { startEngine, type Engine } from './engine'

/** What the network made of inputs: the values that a run keeps of each output and node, one flat row an example. */
export type Said = ReadonlyMap<string, Float32Array>

type Feeds = Record<string, Tensor>

/** How far two computations of one thing may be apart, for outputs up to 1; of larger ones, that share of the largest. */
export const TOLERANCE = 1e-4

export class RunModel {
  /** Whether it runs a single example; else one is put among the probes, in whose number it was recorded. */
  private isAlone = true
  private last: Promise<unknown> = Promise.resolve()
  private fed: { readonly frame: number; readonly feeds: Feeds } | null = null

  private constructor(
    private readonly engine: Engine,
    private readonly session: InferenceSession,
    readonly run: Run,
    private readonly probes: readonly Values[],
  ) {}

  /** @throws RunError - There is none, or it is none of this run. */
  static async open(run: Run, probes: readonly Values[]): Promise<RunModel> {
    const [engine, bytes] = await Promise.all([startEngine(), run.model()])
    if (!bytes) throw unusable('it is missing')
    let session: InferenceSession
    try {
      session = await engine.InferenceSession.create(bytes, {
        executionProviders: ['wasm'],
        logSeverityLevel: 3,
      })
    } catch (error) {
      throw unusable(reasonOf(error))
    }
    const model = new RunModel(engine, session, run, probes)
    model.check()
    await model.tryAlone()
    return model
  }

  /** What it makes of one example at a frame, or only what it says; `probe` is whose place it takes. */
  async sayOf(frame: number, inputs: readonly Values[], probe: number, isBrief = false): Promise<Said> {
    const names = isBrief ? this.answers : this.session.outputNames
    if (this.isAlone) return this.sayAll(frame, inputs, 1, names)
    const { count } = this.run.manifest.probes
    const batch = this.probes.map((all, i) => {
      const [values, own] = [all.slice(), inputs[i] ?? []]
      values.set(own, probe * own.length)
      return values
    })
    const said = await this.sayAll(frame, batch, count, names)
    return new Map(
      [...said].map(([name, rows]) => {
        const width = rows.length / count
        return [name, Number.isInteger(width) ? rows.slice(probe * width, (probe + 1) * width) : rows]
      }),
    )
  }

  /** What it makes of the probes at a frame: only the outputs. */
  sayOfProbes(frame: number): Promise<Said> {
    return this.sayAll(frame, this.probes, this.run.manifest.probes.count, this.answers)
  }

  /** How far what was said of the probes is from what was recorded, in shares of what is tolerated. */
  async differenceAt(frame: number): Promise<Difference> {
    const [said, recorded] = [await this.sayOfProbes(frame), await this.run.outputsOf(frame, frame + 1)]
    return differenceOf(this.run, said, recorded)
  }

  private get answers(): readonly string[] {
    return this.session.outputNames.filter((name) => name.startsWith('output/'))
  }

  private async sayAll(
    frame: number,
    inputs: readonly Values[],
    count: number,
    names = this.session.outputNames,
  ): Promise<Said> {
    return this.inTurn(async () => {
      const feeds = { ...(await this.weightsAt(frame)) }
      for (const [i, { name, shape }] of this.run.manifest.probes.inputs.entries()) {
        const wanted = `input/${name}`
        if (this.session.inputNames.includes(wanted))
          feeds[wanted] = this.tensor(wanted, inputs[i] ?? [], [count, ...shape.slice(1)])
      }
      try {
        const results = await this.session.run(feeds, names)
        return new Map(names.map((name) => [name, rowsOf(results[name], name)]))
      } catch (error) {
        throw error instanceof RunError ? error : unusable(reasonOf(error))
      }
    })
  }

  /** One at a time: the engine takes no second one meanwhile. */
  private inTurn<T>(deed: () => Promise<T>): Promise<T> {
    const next = this.last.then(deed, deed)
    this.last = next.catch(() => undefined)
    return next
  }

  /** The weights of a frame as the engine takes them; those of the last one are kept: a drawing changes at one frame. */
  private async weightsAt(frame: number): Promise<Feeds> {
    if (this.fed?.frame === frame) return this.fed.feeds
    const exact = await this.run.exact(frame)
    const feeds: Feeds = {}
    for (const name of this.session.inputNames) {
      const entry = name.startsWith('exact/') ? exact.get(name.slice('exact/'.length)) : undefined
      if (entry) feeds[name] = this.tensor(name, entry.values, entry.shape)
    }
    this.fed = { frame, feeds }
    return feeds
  }

  private tensor(name: string, values: ArrayLike<number>, dims: readonly number[]): Tensor {
    const wanted = this.session.inputMetadata[this.session.inputNames.indexOf(name)]
    const type = wanted?.isTensor ? wanted.type : 'float32'
    return new this.engine.Tensor(type, dataOf(type, values), dims)
  }

  /** @throws RunError - It asks for what the run does not keep, or says nothing of what the run does. */
  private check(): void {
    const { exact, probes } = this.run.manifest
    const known = new Set([
      ...exact.map(({ name }) => `exact/${name}`),
      ...probes.inputs.map(({ name }) => `input/${name}`),
    ])
    const stranger = this.session.inputNames.find((name) => !known.has(name))
    if (stranger !== undefined) throw unusable(`it asks for '${stranger}', which the run does not keep`)
    const silent = probes.outputs.find(({ name }) => !this.session.outputNames.includes(`output/${name}`))
    if (silent) throw unusable(`it gives no '${silent.name}'`)
  }

  /** A network that holds a table of the size of its batch takes no other one: it shows by its answer, or it fails. */
  private async tryAlone(): Promise<void> {
    const { count } = this.run.manifest.probes
    const first = this.probes.map((values) => values.slice(0, values.length / count))
    const all = await this.sayOfProbes(0)
    try {
      const alone = await this.sayAll(0, first, 1)
      this.isAlone = [...all].every(([name, rows]) => {
        const own = alone.get(name)
        const width = rows.length / count
        return own?.length === width && own.every((value, i) => isNear(value, rows[i] ?? NaN, 1))
      })
    } catch {
      this.isAlone = false
    }
  }
}

/** How far two answers are apart. */
export interface Difference {
  /** The largest difference of two values. */
  readonly largest: number
  readonly isTolerated: boolean
}

export function differenceOf(run: Run, said: Said, recorded: Float32Array | null): Difference {
  let [largest, isTolerated] = [0, recorded !== null]
  for (const { name, shape, offset } of run.manifest.probes.outputs) {
    const own = said.get(`output/${name}`)
    const row = recorded?.subarray(offset, offset + size(shape))
    if (!own || own.length !== row?.length) return { largest: Infinity, isTolerated: false }
    const limit = row.reduce(
      (most, value) => (Math.abs(value) < Infinity ? Math.max(most, Math.abs(value)) : most),
      1,
    )
    for (const [i, value] of own.entries()) {
      const other = row[i] ?? NaN
      if (Object.is(value, other) || value === other) continue
      largest = Math.max(largest, Number.isNaN(value - other) ? Infinity : Math.abs(value - other))
      isTolerated &&= isNear(value, other, limit)
    }
  }
  return { largest, isTolerated }
}

function isNear(value: number, other: number, limit: number): boolean {
  return Object.is(value, other) || Math.abs(value - other) <= TOLERANCE * limit
}

function rowsOf(tensor: Tensor | undefined, name: string): Float32Array {
  const { data } = tensor ?? {}
  if (!(data instanceof Float32Array)) throw unusable(`its '${name}' are no numbers`)
  return data
}

function dataOf(type: string, values: ArrayLike<number>): Tensor.DataTypeMap[Tensor.Type] {
  switch (type) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values)
    case 'float64':
      return Float64Array.from(values)
    case 'int64':
      return BigInt64Array.from(Array.from(values, (value) => BigInt(Math.trunc(value))))
    case 'int32':
      return Int32Array.from(values)
    case 'int8':
      return Int8Array.from(values)
    case 'uint8':
    case 'bool':
      return Uint8Array.from(values)
    default:
      throw unusable(`it takes ${type}`)
  }
}

function unusable(why: string): RunError {
  return new RunError(
    `The model of this run cannot be run here: ${why}.`,
    'What was recorded is not affected. Copy the run again from where it was recorded, or record it anew.',
  )
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 240)
}

/** The model of the page, run by onnxruntime in one thread. Both stand in the page: nothing is fetched. */
import * as engine from 'onnxruntime-web/wasm'
import { embedded } from './told'

export type Given = Readonly<Record<string, engine.Tensor>>

export class Model {
  private last: Promise<unknown> = Promise.resolve()

  private constructor(private readonly session: engine.InferenceSession) {}

  static async open(): Promise<Model> {
    const [wasm, model] = await Promise.all([embedded('engine'), embedded('model')])
    engine.env.wasm.wasmBinary = wasm.buffer
    engine.env.wasm.numThreads = 1 // more would need a page that is isolated from all others
    engine.env.logLevel = 'error'
    return new Model(
      await engine.InferenceSession.create(model, { executionProviders: ['wasm'], logSeverityLevel: 3 }),
    )
  }

  /** What it says of one example: its first output. One at a time, as the engine takes no second one meanwhile. */
  ask(given: Given): Promise<Float32Array> {
    const next = this.last.then(() => this.run(given))
    this.last = next.catch(() => undefined)
    return next
  }

  private async run(given: Given): Promise<Float32Array> {
    const known = Object.entries(given).filter(([name]) => this.session.inputNames.includes(name))
    const said = await this.session.run(Object.fromEntries(known))
    const output = said[this.session.outputNames[0] ?? '']
    if (output?.data instanceof Float64Array) return Float32Array.from(output.data)
    if (!(output?.data instanceof Float32Array)) throw new Error('the model gives no numbers')
    return output.data
  }
}

export function floats(values: Float32Array, shape: readonly number[]): engine.Tensor {
  return new engine.Tensor('float32', values, shape)
}

export function doubles(values: readonly number[], shape: readonly number[]): engine.Tensor {
  return new engine.Tensor('float64', Float64Array.from(values), shape)
}

export function wholes(values: readonly number[], shape: readonly number[]): engine.Tensor {
  return new engine.Tensor('int64', BigInt64Array.from(values, BigInt), shape)
}

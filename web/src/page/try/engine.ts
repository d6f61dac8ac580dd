/** What runs models in the browser: onnxruntime, fetched when it is first used, from where the page itself came. */
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { RunError } from '../../run/errors'

export type Engine = typeof import('onnxruntime-web/wasm')

/** Where the page has its WebAssembly; null where it has none: in one file there is an empty module in its place. */
export function wasmAddress(): string | null {
  return wasm || null
}

let started: Promise<Engine> | null = null

/** @throws RunError - It is not there, or cannot be fetched. */
export async function startEngine(): Promise<Engine> {
  const address = wasmAddress()
  if (!address) {
    throw new RunError(
      'A page in one file has nothing to run models with: that alone would take 14 MB.',
      'Look at the run with "onionskin view", or from a folder that "onionskin publish" made.',
    )
  }
  started ??= start(address)
  try {
    return await started
  } catch {
    started = null
    throw new RunError(
      'What runs models could not be fetched.',
      'The server that the page came from does not answer; start it again and reload the page.',
    )
  }
}

async function start(address: string): Promise<Engine> {
  const engine = await import('onnxruntime-web/wasm')
  engine.env.wasm.wasmPaths = { wasm: address }
  engine.env.wasm.numThreads = 1 // more would need a page that is isolated from all others
  engine.env.logLevel = 'error'
  return engine
}

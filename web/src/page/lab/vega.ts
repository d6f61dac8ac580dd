/** Draws a chart with Vega. It is fetched when the first chart is opened: no run's page needs it. */
import { Error as ERRORS, logger, parse, View, type Loader } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type TopLevelSpec } from 'vega-lite'
import { RunError } from '../../run/errors'
import type { Spec } from '../../run/lab'
import { fitted, refuseHarm } from './spec'

/** Nothing is loaded, whatever a chart asks for: the second lock behind `refuseHarm`. */
const NOTHING: Loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse }

function refuse(): Promise<never> {
  return Promise.reject(new Error('a chart loads nothing'))
}

export interface Drawn {
  /** How many marks there are. */
  readonly marks: number
  /** Stand in an element, in the place of what stood there. */
  showIn(place: HTMLElement): void
  remove(): void
}

/**
 * Draw a chart, so wide as there is room (CSS pixels).
 *
 * @throws RunError - It asks for what no chart may have, is none in Vega-Lite, or nothing was drawn.
 */
export async function draw(spec: Spec, config: Spec, room: number): Promise<Drawn> {
  refuseHarm(spec)
  // What a chart says of colours was meant for paper: the page's own go before it.
  const own = { ...fitted(spec, room), config: { ...(spec['config'] as object | undefined), ...config } }
  const sheet = document.createElement('div')
  sheet.ariaHidden = 'true' // the picture around it has a name, and the tables below its numbers
  const wrong: string[] = []
  const log = logger(ERRORS, 'error', (_method, _level, said) => wrong.push(said.map(String).join(' ')))
  let view: View | null = null
  try {
    const compiled = compile(own as unknown as TopLevelSpec, { logger: log })
    // The page's policy runs no text as code: expressions become trees, and are interpreted.
    const runtime = parse(compiled.spec, undefined, { ast: true })
    const options = { loader: NOTHING, logger: log, expr: expressionInterpreter, hover: false }
    view = new View(runtime, { ...options, renderer: 'svg', container: sheet })
    await view.runAsync()
  } catch (thrown) {
    wrong.push(thrown instanceof Error ? thrown.message : String(thrown))
  }
  const marks = sheet.querySelectorAll('.role-mark :is(path, line, text)').length
  const remove = (): void => {
    view?.finalize()
    sheet.remove()
  }
  if (wrong.length === 0 && marks > 0) {
    return {
      marks,
      remove,
      showIn: (place) => {
        place.replaceChildren(sheet)
      },
    }
  }
  remove()
  throw new RunError(
    `this chart cannot be drawn: ${(wrong[0] ?? 'nothing is in it').slice(0, 300)}`,
    'the tables below have its numbers; to draw it anew, run the question again',
  )
}

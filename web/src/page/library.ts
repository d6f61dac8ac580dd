/** The runs that the server shows: `runs.json` beside the page. */
import { RunError } from '../run/errors'
import { Fields } from '../run/fields'
import { wellFormed } from './address'

export interface Listed {
  /** Where its files are, seen from the page. */
  readonly path: string
  /** Unique among the runs shown, and the same tomorrow: it stands in links. */
  readonly name: string
}

/** A path that cannot lead to another host. */
const INSIDE = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/

export async function readLibrary(): Promise<readonly Listed[]> {
  const content = await fetchJson('runs.json')
  const runs = new Fields(content, 'runs.json').items('runs', (run) => ({
    path: run.text('path'),
    name: wellFormed(run.text('name')),
  }))
  for (const { path } of runs) {
    if (!INSIDE.test(path)) {
      throw new RunError(`runs.json names a run at '${path}'`, 'paths lie below the page: runs/0')
    }
  }
  return withUniqueNames(runs)
}

/** Two runs of one name are told apart by a number. */
export function withUniqueNames(runs: readonly Listed[]): readonly Listed[] {
  const taken = new Set<string>()
  return runs.map(({ path, name }) => {
    let unique = name
    for (let times = 2; taken.has(unique); times++) unique = `${name} (${times})`
    taken.add(unique)
    return { path, name: unique }
  })
}

async function fetchJson(path: string): Promise<unknown> {
  const fix = 'start the server (onionskin view RUN), then reload the page'
  let response: Response
  try {
    response = await fetch(path, { cache: 'no-cache' })
  } catch {
    throw new RunError('the server that shows the runs does not answer', fix)
  }
  if (!response.ok) throw new RunError(`there are no runs here: ${path} answered ${response.status}`, fix)
  try {
    return (await response.json()) as unknown
  } catch {
    throw new RunError(`${path} is no JSON`, fix)
  }
}

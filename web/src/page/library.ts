/** The runs that are shown beside the page: `runs.json` of a server, or of a published folder. */
import { RunError } from '../run/errors'
import { Fields } from '../run/fields'
import { HttpStore, type Store } from '../run/store'
import { wellFormed } from './address'
import type { Teller } from './live'

export interface Listed {
  /** Where its files are, seen from the page. */
  readonly path: string
  /** Unique among the runs shown, and the same tomorrow: it stands in links. */
  readonly name: string
  /** When it was last written (seconds since 1970), where a server says so: it then tells of new runs as well. */
  readonly changed?: number
  /** What reads its files, where that is no server at `path`. */
  readonly store?: Store
  /** Who tells that it has grown, where that is no server; null for a copy, which grows no more. */
  readonly teller?: Teller | null
}

/** What reads the files of a run. */
export function storeOf({ path, store }: Listed): Store {
  return store ?? new HttpStore(path)
}

/** A path that cannot lead to another host. */
const INSIDE = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/

/** What is shown: the runs, and whether there is a lab beside them. */
export interface Library {
  readonly runs: readonly Listed[]
  readonly hasLab: boolean
}

export async function readLibrary(): Promise<Library> {
  const fields = new Fields(await fetchJson('runs.json'), 'runs.json')
  const runs = fields.items('runs', (run) => ({
    path: run.text('path'),
    name: wellFormed(run.text('name')),
    ...(run.has('changed') ? { changed: run.number('changed') } : {}),
  }))
  for (const { path } of runs) {
    if (!INSIDE.test(path)) {
      throw new RunError(`runs.json names a run at '${path}'`, 'paths lie below the page: runs/0')
    }
  }
  const isPublished = fields.has('published')
  return {
    runs: withUniqueNames(isPublished ? runs.map(published) : runs),
    hasLab: fields.flag('lab', false),
  }
}

/** A copy on a host that knows nothing of Onionskin: nobody tells of growth, and there is no server to start again. */
function published(run: Listed): Listed {
  return {
    ...run,
    store: new HttpStore(run.path, 'see whether you are connected to the network, then reload the page'),
    teller: null,
  }
}

/** Two runs of one name are told apart by a number. */
export function withUniqueNames(runs: readonly Listed[]): readonly Listed[] {
  const taken = new Set<string>()
  return runs.map((run) => {
    let unique = run.name
    for (let times = 2; taken.has(unique); times++) unique = `${run.name} (${times})`
    taken.add(unique)
    return { ...run, name: unique }
  })
}

/** The list as it is now, in the order in which it stood: runs that are written to do not change places, new ones come first. */
export function renewed(before: readonly Listed[], now: readonly Listed[]): readonly Listed[] {
  const left = new Map(now.map((run) => [`${run.path} ${run.name}`, run]))
  const stayed = before.flatMap((run) => {
    const key = `${run.path} ${run.name}`
    const known = left.get(key)
    left.delete(key)
    return known ? [known.changed === run.changed ? run : known] : []
  })
  return [...left.values(), ...stayed]
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

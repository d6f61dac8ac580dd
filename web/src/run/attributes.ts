/** What a group of a run says in its `zarr.json`. */
import { readJson } from './array'
import { RunError } from './errors'
import { Fields } from './fields'
import type { Store } from './store'

/** One attribute of a group; the run itself is the group with an empty path. */
export async function readAttributes(store: Store, group: string, key: string): Promise<unknown> {
  const path = `${group ? `${group}/` : ''}zarr.json`
  const content = await readJson(store, path)
  const fix = 'show a folder that Onionskin recorded: onionskin view RUN'
  if (content === null) throw new RunError(`there is no run at ${store.location}: it has no ${path}`, fix)
  const fields = new Fields(content, path)
  const attributes = fields.has('attributes') ? fields.inner('attributes') : null
  if (!attributes?.has(key)) {
    throw new RunError(`${store.location} is a Zarr group, but no run: it has no '${key}'`, fix)
  }
  return attributes.value(key)
}

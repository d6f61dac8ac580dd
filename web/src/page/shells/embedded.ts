/**
 * The runs that `onionskin export` has put into the page: a list as JSON, and each file as the base64 text of an
 * element of a type that no browser runs. `onionskin/view/export.py` writes what is read here.
 */
import { EmbeddedStore } from '../../run/embedded'
import { RunError } from '../../run/errors'
import { Fields } from '../../run/fields'
import { wellFormed } from '../address'
import { withUniqueNames, type Listed } from '../library'

const LIST = 'onionskin-runs'

export function hasRuns(page: Document): boolean {
  return page.getElementById(LIST) !== null
}

/** @throws RunError - The list was damaged. */
export function embeddedRuns(page: Document): Promise<readonly Listed[]> {
  return new Promise((resolve) => {
    resolve(withUniqueNames(listIn(page)))
  })
}

function listIn(page: Document): readonly Listed[] {
  let content: unknown
  try {
    content = JSON.parse(page.getElementById(LIST)?.textContent ?? '')
  } catch {
    throw new RunError(
      'the list of runs in this file is damaged',
      'export it again: onionskin export RUN out.html',
    )
  }
  return new Fields(content, 'the list of runs').items('runs', (run) => {
    const path = run.text('path')
    return { path, name: wellFormed(run.text('name')), store: storeIn(page, path), teller: null }
  })
}

function storeIn(page: Document, run: string): EmbeddedStore {
  const files = new Map<string, () => string>()
  for (const element of page.querySelectorAll<HTMLElement>(`script[data-run="${CSS.escape(run)}"]`)) {
    files.set(element.dataset['path'] ?? '', () => element.textContent)
  }
  return new EmbeddedStore(files)
}

/** The page in one file: with its runs in it (`onionskin export`), or in a notebook whose kernel hands them out. */
import { addressBar, OwnPlace } from './host'
import { mountPage } from './mount'
import { embeddedRuns, hasRuns } from './shells/embedded'
import { inNotebook } from './shells/notebook'

const target = document.getElementById('page')
if (target) {
  // In the static rendering of a notebook the page is the content of a frame, and has no address of its own.
  const place = location.protocol === 'about:' ? new OwnPlace('', () => undefined) : addressBar
  if (hasRuns(document)) mountPage(target, { runs: () => embeddedRuns(document), place })
  else void inNotebook().then((host) => mountPage(target, host))
}

/** The page in one file: with its runs in it (`onionskin export`), or in a notebook whose kernel hands them out. */
import { addressBar } from './host'
import { mountPage } from './mount'
import { embeddedRuns, hasRuns } from './shells/embedded'
import { inNotebook } from './shells/notebook'

const target = document.getElementById('page')
if (target) {
  if (hasRuns(document)) mountPage(target, { runs: () => embeddedRuns(document), place: addressBar })
  else void inNotebook().then((host) => mountPage(target, host))
}

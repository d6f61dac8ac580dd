/** The page on a server (`onionskin view`) or on any static host (`onionskin publish`): `runs.json` tells which. */
import { addressBar, type Host } from './host'
import { readLibrary } from './library'
import { mountPage } from './mount'

const shown: { -readonly [Part in keyof Host]: Host[Part] } = {
  place: addressBar,
  async runs() {
    const { runs, hasLab } = await readLibrary()
    shown.lab = hasLab ? () => import('./lab/LabView.svelte') : null
    return runs
  },
}

const target = document.getElementById('page')
if (target) mountPage(target, shown)

/** The page on a server (`onionskin view`) or on any static host (`onionskin publish`): `runs.json` tells which. */
import { addressBar } from './host'
import { readLibrary } from './library'
import { mountPage } from './mount'

const target = document.getElementById('page')
if (target) mountPage(target, { runs: readLibrary, place: addressBar })

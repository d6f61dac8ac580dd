/** The whole state of the page in the address, so that every view is a link. */
import { isLook, type Look } from './look'
import { isView, type View } from './views'

/** What single views keep in the address. */
export const EXTRAS = [
  'colour', // network: what nodes are coloured by, `ratio` or `health`; else they show their pictures
  'at', // network: where the map is looked at, `zoom,x,y`, once it was moved
  'smooth', // curves: the reach of the smoothing in percent of the run's steps; 0 for none
  'log', // curves: 1 for a logarithmic scale
  'zoom', // everywhere: the steps that are looked at, `100-250`; the clock stays in them
  'scalars', // curves: the titles of the charts that are shown, with commas between
  'strip', // curves: what the strip over the depth shows: `gradient`, `ratio`, `activation` or `dead`
  'with', // compare: the names of the other runs, with commas between; library: those that are ticked
  'by', // compare: what the clock counts: `step`, `time` or `loss`
  'way', // layer: how its tensor is laid out, where that is not as it tells most
  'part', // layer: the number of the filter, row or channel whose film is shown
  'unit', // input space: the output or hidden unit that is large, `layer/17`; what is answered without one
  'levels', // peel: the levels that stand side by side, with commas between
  'line', // peel: the line that was pinned, `numpy:47`; of one that does several steps also which, `loop:40:3`
  'call', // peel: the path of the call whose array is looked at, where a line is called several times
  'report', // practice: the name of the report
  'order', // practice: the column that a table is ordered by, as practice/words.ts writes it
  'item', // practice: the example that is enlarged, `2.7` for the eighth of the third block
  'own', // try it: an input of the viewer's own, as try/written.ts writes it
  'still', // 1 for a picture or a video: no controls, only what is seen, and which step it is
  'sort', // what stands first: library: what it says; probes: `learned`; layers: `moved`
  'find', // library and curves: what is searched for
  'tag', // library: the tags that a run has to have, with commas between
  'raw', // lab: 1 where the tables of trials are open
] as const
export type Extra = (typeof EXTRAS)[number]
export type Extras = Readonly<Partial<Record<Extra, string>>>

export interface Address {
  /** The question of the lab; empty for the list of all, null where the lab is not looked at. */
  readonly lab: string | null
  /** The name of the run; empty for the list of runs. */
  readonly run: string
  /** The frame; null follows the newest. */
  readonly frame: number | null
  readonly probe: number
  /** The chosen node of the map; empty for none. */
  readonly node: string
  /** What of the node is looked at: the key of a tensor, such as `gradient/conv1.weight`. */
  readonly tensor: string
  /** The groups that are open; null as the page opens them by itself. */
  readonly open: readonly string[] | null
  readonly view: View
  /** In which way pictures are looked at, and the frame that an onion skin lays over. */
  readonly look: Look
  readonly skin: number
  readonly more: Extras
  /** The chosen theme; null as the system has it. */
  readonly theme: 'light' | 'dark' | null
}

export const START: Address = {
  lab: null,
  run: '',
  frame: null,
  probe: 0,
  node: '',
  tensor: '',
  open: null,
  view: 'network',
  look: 'values',
  skin: 0,
  more: {},
  theme: null,
}

/** The state that a hash such as `#run=mnist&frame=12` stands for. What it does not understand it leaves out. */
export function parseAddress(hash: string): Address {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const whole = (name: string): number | null => {
    const text = given.get(name) ?? ''
    return /^\d{1,9}$/.test(text) ? Number(text) : null
  }
  const [view, look, theme] = [given.get('view'), given.get('look'), given.get('theme')]
  // Once for each group: whatever stands in a module's name, a comma too, stays part of it.
  const open = given.getAll('open')
  return {
    lab: given.get('lab'),
    run: given.get('run') ?? '',
    frame: whole('frame'),
    probe: whole('probe') ?? 0,
    node: given.get('node') ?? '',
    tensor: given.get('tensor') ?? '',
    open: open.length ? open.filter(Boolean) : null,
    view: isView(view) ? view : 'network',
    look: isLook(look) ? look : 'values',
    skin: look === 'skin' ? (whole('skin') ?? 0) : 0,
    more: Object.fromEntries(EXTRAS.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : []))),
    theme: theme === 'light' || theme === 'dark' ? theme : null,
  }
}

/** The hash of a state; what is as the page starts is left out. */
export function formatAddress(address: Address): string {
  const parts: [string, string][] = []
  if (address.lab !== null) parts.push(['lab', address.lab])
  if (address.run) parts.push(['run', address.run])
  if (address.view !== 'network') parts.push(['view', address.view])
  if (address.frame !== null) parts.push(['frame', String(address.frame)])
  if (address.probe) parts.push(['probe', String(address.probe)])
  if (address.node) parts.push(['node', address.node])
  if (address.node && address.tensor) parts.push(['tensor', address.tensor])
  if (address.open) {
    for (const group of address.open.length ? address.open : ['']) parts.push(['open', group])
  }
  if (address.look !== 'values') parts.push(['look', address.look])
  if (address.look === 'skin' && address.skin) parts.push(['skin', String(address.skin)])
  for (const name of EXTRAS) {
    const value = address.more[name]
    if (value) parts.push([name, value])
  }
  if (address.theme) parts.push(['theme', address.theme])
  return parts.length
    ? `#${parts.map(([name, value]) => (value ? `${name}=${escape(value)}` : name)).join('&')}`
    : ''
}

/** Percent-encode only what a hash cannot carry, so that a link stays readable: `node=layer1.0/relu`. */
function escape(value: string): string {
  return encodeURIComponent(wellFormed(value)).replaceAll('%2C', ',').replaceAll('%2F', '/')
}

/** A text that can be encoded: the name of a folder may be no proper text, and half a character cannot. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

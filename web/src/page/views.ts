/** The views of a run, in the order in which a person meets them. Each comes when it is first looked at. */
import type { Component } from 'svelte'
import type { Manifest } from '../run/manifest'
import type { Listed } from './library'
import type { Session } from './session.svelte'
import type { Theme } from './theme.svelte'

const NAMES = [
  'network',
  'layer',
  'probes',
  'space',
  'curves',
  'landscape',
  'story',
  'peel',
  'practice',
  'compare',
  'try',
] as const
export type View = (typeof NAMES)[number]

/** What every view is given. */
export interface ViewProps {
  readonly session: Session
  readonly theme: Theme
  readonly runs: readonly Listed[]
}

interface Kind {
  readonly name: View
  readonly label: string
  /** For a tooltip. */
  readonly meaning: string
  /** Whether a run has what the view shows. */
  readonly isThere: (manifest: Manifest, runs: number) => boolean
  /** What of the column beside it is left out, since the view shows it itself. */
  readonly without: readonly ('probes' | 'notes' | 'curves')[]
  /** Its picture in the middle of the page; without one the network stays there. */
  readonly load?: () => Promise<{ default: Component<ViewProps> }>
}

export const VIEWS: readonly Kind[] = [
  {
    name: 'network',
    label: 'Network',
    meaning: 'the network as data flows through it, with a live picture in every node',
    isThere: () => true,
    without: [],
  },
  {
    name: 'layer',
    label: 'Layer',
    meaning: 'one layer as large as the page: its tensors, how they changed, and which layer moved most',
    isThere: ({ graph, tensors }) => graph.nodes.length > 0 && tensors.length > 0,
    without: ['probes', 'notes', 'curves'],
    load: () => import('./layer/LayerView.svelte'),
  },
  {
    name: 'probes',
    label: 'Probes',
    meaning: 'the inputs that it is shown at every frame: when each was learned, and when forgotten',
    isThere: ({ probes }) => probes.count > 0 && probes.outputs.length > 0,
    without: ['probes'],
    load: () => import('./probes/ProbesView.svelte'),
  },
  {
    name: 'space',
    label: 'Space',
    meaning: 'what it answers for every pair of inputs, and the part that each unit has in it',
    isThere: ({ space }) => space !== null,
    without: [],
    load: () => import('./space/SpaceView.svelte'),
  },
  {
    name: 'curves',
    label: 'Curves',
    meaning: 'every scalar over the steps',
    isThere: () => true,
    without: ['curves'],
    load: () => import('./curves/CurvesView.svelte'),
  },
  {
    name: 'landscape',
    label: 'Landscape',
    meaning: 'the path of the weights on its two main axes, and the loss around it',
    isThere: ({ landscape }) => landscape !== null,
    without: [],
    load: () => import('./landscape/LandscapeView.svelte'),
  },
  {
    name: 'story',
    label: 'Story',
    meaning: 'what happened, as captions to jump to',
    isThere: () => true,
    without: ['probes', 'notes', 'curves'],
  },
  {
    name: 'peel',
    label: 'Peel',
    meaning: 'its model as programs of several levels, with the live value of what each line makes',
    isThere: ({ peel }) => peel !== null,
    without: ['probes', 'notes', 'curves'],
    load: () => import('./peel/PeelView.svelte'),
  },
  {
    name: 'practice',
    label: 'Practice',
    meaning: 'what was asked of the model and its data: mistakes, confusions, who it fails',
    isThere: ({ practice }) => practice.length > 0,
    without: ['probes', 'notes', 'curves'],
    load: () => import('./practice/PracticeView.svelte'),
  },
  {
    name: 'compare',
    label: 'Compare',
    meaning: 'this run beside others, on one clock',
    isThere: (_, runs) => runs > 1,
    without: ['probes', 'notes', 'curves'],
    load: () => import('./compare/CompareView.svelte'),
  },
  {
    name: 'try',
    label: 'Try it',
    meaning: 'give the network an input of your own, and see what it would have said at any step',
    isThere: ({ exact, probes }) => exact.length > 0 && probes.inputs.length > 0,
    without: ['notes', 'curves'],
    load: () => import('./try/TryView.svelte'),
  },
]

export function isView(text: string | null): text is View {
  return (NAMES as readonly (string | null)[]).includes(text)
}

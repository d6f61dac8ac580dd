/** What of a node can be looked at: its weights, each with gradient and optimizer state, and its activation. */
import type { Manifest, TensorEntry } from '../../run/manifest'
import { mainWeights } from '../map/cards'

/** One thing to look at, in one or more respects. */
export interface Subject {
  /** `weight`, `bias`, `activation`. */
  readonly title: string
  readonly aspects: readonly Aspect[]
}

export interface Aspect {
  /** `values`, `gradient`, `exp_avg`. */
  readonly title: string
  readonly tensor: TensorEntry
}

/** What there is to look at of a node, or of a closed group (its id ends in a slash). */
export function subjectsOf(manifest: Manifest, id: string): readonly Subject[] {
  const tensors = new Map(manifest.tensors.map((tensor) => [tensor.key, tensor]))
  const { names, activation } = contentOf(manifest, id, tensors)
  const weights = names.flatMap((name) => {
    const aspects = aspectsOf(manifest, name, tensors)
    return aspects.length ? [{ title: titleOf(name, id), aspects }] : []
  })
  const made = tensors.get(`activation/${activation}`)
  return made ? [...weights, { title: 'activation', aspects: [{ title: 'values', tensor: made }] }] : weights
}

/** The subject and aspect that show a tensor; the first where there is none of that key. */
export function find(subjects: readonly Subject[], key: string): { subject: Subject; aspect: Aspect } | null {
  for (const subject of subjects) {
    for (const aspect of subject.aspects) if (aspect.tensor.key === key) return { subject, aspect }
  }
  const [subject] = subjects
  const aspect = subject?.aspects[0]
  return subject && aspect ? { subject, aspect } : null
}

function contentOf(manifest: Manifest, id: string, tensors: ReadonlyMap<string, TensorEntry>) {
  const { nodes } = manifest.graph
  if (!id.endsWith('/')) {
    const node = nodes.find((candidate) => candidate.id === id)
    return { names: node?.tensors ?? [], activation: id }
  }
  const path = id.slice(0, -1)
  const inside = nodes.filter((node) => node.group === path || node.group.startsWith(`${path}.`))
  const names = [...new Set(inside.flatMap((node) => node.tensors))]
  const last = [...inside].reverse().find((node) => tensors.has(`activation/${node.id}`))
  return { names: mainWeights(names, tensors).map((tensor) => tensor.name), activation: last?.id ?? '' }
}

function aspectsOf(manifest: Manifest, name: string, tensors: ReadonlyMap<string, TensorEntry>): Aspect[] {
  const [weight, gradient] = [tensors.get(`weight/${name}`), tensors.get(`gradient/${name}`)]
  const state = manifest.tensors.filter(
    (tensor) => tensor.role === 'optimizer' && tensor.name.startsWith(`${name}/`),
  )
  return [
    ...(weight ? [{ title: 'values', tensor: weight }] : []),
    ...(gradient ? [{ title: 'gradient', tensor: gradient }] : []),
    ...state.map((tensor) => ({ title: tensor.name.slice(name.length + 1), tensor })),
  ]
}

/** `weight` of `conv1.weight` when it is looked at as part of `conv1`. */
function titleOf(name: string, id: string): string {
  const owner = id.replace(/#\d+$/, '').replace(/\/$/, '')
  return name.startsWith(`${owner}.`) ? name.slice(owner.length + 1) : name
}

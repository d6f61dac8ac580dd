/** One run that is looked at: opened, followed while it grows, and what the viewer has chosen to see of it. */
import { RunError } from '../run/errors'
import { Run, type Part } from '../run/run'
import type { Values } from '../run/values'
import type { Address, Extra, Extras } from './address'
import { Clock, unexpected } from './clock.svelte'
import { storeOf, type Listed } from './library'
import { changeLimitsOf, limitsOf, NO_LIMITS } from './limits'
import { follow, serverEvents } from './live'
import { baseOf, isChange, VEIL, type Look } from './look'
import { Past } from './past.svelte'
import { answersOf } from './probes/answers'
import { ProbeRow } from './probes/row'
import type { Milestone } from './story/milestones'
import { framesOf, zoomOf } from './time/zoom'
import type { Own } from './try/own.svelte'
import type { View } from './views'

export type RunState = 'live' | 'finished' | 'killed'

/** The scale of a change is measured again when a growing run has so many times the frames. */
const WORTH_IT = 1.25

export class Session {
  readonly clock: Clock
  /** What is known of all frames at once. */
  readonly past: Past
  /** Counts what the run has added: whoever shows its tables reads this to be told. */
  version = $state(0)
  state = $state<RunState>('finished')
  probe = $state(0)
  node = $state('')
  /** The key of the tensor that the layer panel shows; empty for the node's first. */
  tensor = $state('')
  /** The groups that are open; null as the page opens them by itself. */
  open = $state.raw<readonly string[] | null>(null)
  view = $state<View>('network')
  look = $state<Look>('values')
  /** The frame that an onion skin lays over. */
  skin = $state(0)
  /** What single views keep. */
  more = $state.raw<Extras>({})
  /** The span of steps that is looked at; null for the whole run. */
  readonly zoom = $derived.by(() => {
    const zoom = zoomOf(this.more.zoom)
    return zoom && zoom.from < this.lastStep ? { ...zoom, to: Math.min(zoom.to, this.lastStep) } : null
  })
  /** Where the colour scale of each tensor ends, by its index; and of the change that is looked at. */
  limits = $state.raw(NO_LIMITS)
  changeLimits = $state.raw<readonly number[]>([])
  /** The inputs of the probes, once they are read. */
  inputs = $state.raw<readonly Values[]>([])
  /** What the run says of itself: the same until it says something else, so that a frame more lays no map anew. */
  readonly manifest = $derived.by(() => {
    void this.version
    return this.run.manifest
  })
  private readonly scalarsText = $derived.by(() => {
    void this.version
    return JSON.stringify(this.run.scalars.names)
  })
  /** The names of the scalars: the same list until one joins, so that a step more makes no chart anew. */
  readonly scalars = $derived(JSON.parse(this.scalarsText) as readonly string[])
  readonly answers = $derived.by(() => answersOf(this.manifest.probes))
  /** The output that scores classes, if the model is a classifier. */
  readonly classifier = $derived(this.answers.find((answer) => answer.isClassifier))
  readonly probeRow = $derived.by(
    () => new ProbeRow(this.manifest.probes, this.inputs, this.classifier?.width ?? 0),
  )
  /** An input of the viewer's own that stands in the place of the chosen probe; null where none does. */
  own = $state.raw<Own | null>(null)
  /** What pictures show: the clock's frame, or what that would be with the viewer's own input among the probes. */
  readonly shown = $derived.by(() => this.own?.shown ?? this.clock.shown)
  /** Whether the server that told of a growing run no longer answers. */
  isLost = $state(false)
  /** Why something could not be read; null while all is well. */
  trouble = $state.raw<RunError | null>(null)

  private stopFollowing: () => void = () => undefined
  private measuredChanges = { key: '', last: -1 }

  private constructor(
    readonly listed: Listed,
    readonly run: Run,
  ) {
    this.clock = new Clock(run)
    this.past = new Past(
      run,
      answersOf(run.manifest.probes).find((answer) => answer.isClassifier),
    )
  }

  /** @param share - Of the memory that a run may keep. */
  static async open(listed: Listed, address: Address, share = 1): Promise<Session> {
    const run = await Run.open(storeOf(listed), share)
    const session = new Session(listed, run)
    session.state = stateOf(run)
    session.limits = limitsOf(run, NO_LIMITS, session.state === 'live')
    session.take(address)
    run.inputs().then(
      (inputs) => (session.inputs = inputs),
      (error: unknown) => (session.trouble = error instanceof RunError ? error : unexpected(error)),
    )
    if (run.status.state === 'growing' && listed.teller !== null) session.follow()
    return session
  }

  /** What the run says while it grows. */
  get status() {
    void this.version
    return this.run.status
  }

  /** Take over what an address says. */
  take(address: Address): void {
    this.probe = Math.min(address.probe, Math.max(0, this.run.manifest.probes.count - 1))
    this.node = address.node
    this.tensor = address.tensor
    this.open = address.open
    this.view = address.view
    this.look = address.look
    this.skin = address.skin
    this.more = address.more
    if (address.frame === null) {
      this.clock.isFollowing = this.state === 'live'
      this.clock.goTo(this.clock.last)
    } else {
      this.clock.moveTo(address.frame, false)
    }
  }

  /** Where this view is found again. */
  get address(): Omit<Address, 'theme'> {
    const { target, last, isFollowing } = this.clock
    const isNewest = isFollowing || target === last || target < 0
    return {
      lab: null,
      run: this.listed.name,
      frame: isNewest ? null : target,
      probe: this.probe,
      node: this.node,
      tensor: this.tensor,
      open: this.open,
      view: this.view,
      look: this.look,
      skin: this.skin,
      more: this.more,
    }
  }

  /** What the page needs of every frame: the map's two roles, what the layer panel shows, and the input space. */
  get roles(): readonly Part[] {
    const role = this.tensor.split('/')[0]
    const parts: Part[] = ['weight', 'activation']
    if (role === 'gradient' || role === 'optimizer') parts.push(role)
    if (this.view === 'space') parts.push('space')
    return parts
  }

  /** The first and last frame of that span, as far as the run has grown; null for all. */
  get span(): readonly [first: number, last: number] | null {
    void this.version
    return this.zoom && this.run.frames.count > 0 ? framesOf(this.zoom, this.run.frames) : null
  }

  get lastStep(): number {
    void this.version
    const { frames, scalars } = this.run
    return Math.max(scalars.steps - 1, frames.step(frames.count - 1), 1)
  }

  /** So far charts are drawn. A long run that grows draws them anew when it has grown by about a pixel of them. */
  readonly drawn = $derived.by(() => {
    const { lastStep } = this
    return this.state === 'live' ? lastStep - (lastStep % pixelOf(lastStep)) : lastStep
  })

  /** The steps that charts show: the span that is looked at, or all. */
  get steps(): readonly [from: number, to: number] {
    return this.zoom ? [this.zoom.from, this.zoom.to] : [0, this.lastStep]
  }

  /** Look at the whole run again. */
  leaveZoom(): void {
    this.keep('zoom', '')
    this.clock.confine(null)
  }

  /** Go to a frame of the whole run: one outside of the span that is looked at ends that. */
  jump(frame: number): void {
    if (frame < this.clock.begin || frame > this.clock.end) this.leaveZoom()
    this.clock.moveTo(frame, this.state === 'live')
  }

  /** Go to the frame nearest to a step, in the span that is looked at. */
  seek(step: number): void {
    this.clock.moveTo(this.run.frames.nearest(step), this.state === 'live')
  }

  /** Go to a milestone, and to what it is about. */
  goTo({ frame, tensor, probe }: Milestone): void {
    this.jump(frame)
    if (probe >= 0) this.probe = probe
    if (tensor) this.lookAt(tensor)
  }

  /** Choose the node that a tensor belongs to; of a tensor that is not kept, the node alone. */
  lookAt(tensor: string): void {
    const [, name = tensor] = /^(?:weight|gradient|activation|optimizer)\/(.*)$/.exec(tensor) ?? []
    const { graph, tensors } = this.manifest
    const owner = graph.nodes.find((node) => node.id === name || node.tensors.includes(name))
    if (owner) this.choose(owner.id, tensors.some(({ key }) => key === tensor) ? tensor : '')
  }

  /** Lay the frame that is shown over all others. */
  layOver(): void {
    this.skin = Math.max(0, this.clock.target)
    this.look = 'skin'
  }

  choose(node: string, tensor = ''): void {
    this.node = node
    this.tensor = tensor
  }

  /** How much of another frame shows through the pictures; 0 where they show one frame, or a difference. */
  get veil(): number {
    return this.look === 'skin' ? VEIL : 0
  }

  /** Where the scale of a tensor ends, in what is shown now: its values, or their change. */
  limit(tensor: number): number {
    return (isChange(this.look) ? this.changeLimits : this.limits.values)[tensor] ?? 0
  }

  /** Keep something of a view in the address; empty forgets it. */
  keep(name: Extra, value: string): void {
    this.more = { ...this.more, [name]: value }
  }

  /** Measure the change on a few frames, so that its scale stays the same on all. */
  async measureChanges(): Promise<void> {
    const { last } = this.clock
    const { look } = this
    const key = `${look} ${this.roles.join(' ')}`
    const isKnown = key === this.measuredChanges.key && last < this.measuredChanges.last * WORTH_IT
    if (last < 0 || isKnown || (last === this.measuredChanges.last && key === this.measuredChanges.key))
      return
    this.measuredChanges = { key, last }
    try {
      const spread = [1, ...[1, 2, 3, 4, 5, 6, 7].map((n) => (n * last) / 7)]
        .map((frame) => Math.min(last, Math.round(frame)))
        .filter((frame, i, all) => all.indexOf(frame) === i)
      const pairs = await Promise.all(
        spread.map(async (frame) => ({
          base: await this.run.frame(baseOf({ look, skin: 0 }, frame, last), this.roles),
          frame: await this.run.frame(frame, this.roles),
        })),
      )
      if (look === this.look) this.changeLimits = changeLimitsOf(this.run, pairs)
    } catch (error) {
      this.trouble = error instanceof RunError ? error : unexpected(error)
    }
  }

  /** Read what is known of all frames, which opening has left for when the first one is shown. */
  async readOn(): Promise<void> {
    try {
      if (await this.run.readStatistics()) this.version++
    } catch (error) {
      this.trouble = error instanceof RunError ? error : unexpected(error)
    }
    await this.past.grow(this.state === 'live')
  }

  close(): void {
    this.stopFollowing()
    this.clock.isPlaying = false
  }

  private follow(): void {
    this.stopFollowing = follow({
      teller: this.listed.teller ?? serverEvents(`${this.listed.path}/live`),
      refresh: (isGrowing) => this.refresh(isGrowing),
      isEnded: () => this.state !== 'live',
      fail: (error) => (this.trouble = error),
      lose: (isLost) => (this.isLost = isLost),
    })
  }

  /** Take in what the run has added. */
  private async refresh(isGrowing: boolean | null): Promise<void> {
    await this.run.refresh()
    this.state = stateOf(this.run, isGrowing)
    this.limits = limitsOf(this.run, this.limits, this.state === 'live')
    this.version++
    if (this.clock.isFollowing || this.clock.target < 0) this.clock.goTo(this.clock.last)
    if (this.state !== 'live') this.clock.isFollowing = false
    await this.past.grow(this.state === 'live')
  }
}

/** How many steps share a pixel of a wide chart: a power of two, so that it seldom changes. */
export function pixelOf(steps: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(steps / 1024)))
}

/** @param isGrowing - What the server says, where there is one; null asks the clock. */
function stateOf(run: Run, isGrowing: boolean | null = null): RunState {
  if (run.status.state === 'closed') return 'finished'
  return (isGrowing ?? run.isGrowing(Date.now() / 1000)) ? 'live' : 'killed'
}

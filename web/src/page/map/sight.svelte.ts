/** What is seen of a network on the map: its cards and edges, and what the shown frame makes of them. */
import { untrack } from 'svelte'
import { percent } from '../numbers'
import { bestOf, className, sharesOf, valuesOf } from '../probes/answers'
import type { Session } from '../session.svelte'
import type { Theme } from '../theme.svelte'
import type { Margin } from './camera'
import {
  colouringOf,
  healthBlock,
  leafSigns,
  ratioBlock,
  ratioOf,
  saidOf,
  signsOf,
  weightsOf,
  type Block,
} from './colouring'
import { flowLimit, flowOf, widthOf, WIDTHS } from './flow'
import { Lens } from './lens.svelte'
import { nearCards } from './near'
import { inFlow } from './order'
import { byKey, openedAtFirst, sceneOf, type PlacedCard } from './scene'
import { openPaths } from './visible'
import { wordWidth } from './words'

export class Sight {
  readonly lens = new Lens()
  width = $state(0)
  height = $state(0)
  legendHeight = $state(20)

  /** Around a map that fits its window; the legend stands below it, and on a phone the tools below that. */
  readonly margin: Margin = $derived({
    side: this.width < 600 ? 18 : 30,
    top: 14,
    bottom: this.legendHeight + (this.width <= 720 ? 56 : 24),
  })
  readonly isMeasured = $derived(this.width > 0 && this.height > 0)
  private readonly manifest = $derived.by(() => this.session.manifest)
  readonly tensors = $derived(byKey(this.manifest))
  private readonly ground = $derived.by(() => ({
    manifest: this.manifest,
    tensors: this.tensors,
    probe: this.session.probe,
    probeRow: this.session.probeRow,
    window: {
      width: Math.max(200, this.width - 2 * this.margin.side),
      height: Math.max(150, this.height - this.margin.top - this.margin.bottom),
    },
    measure: wordWidth,
  }))
  private readonly graph = $derived(this.manifest.graph)
  /** What the page opens by itself is decided once, by the room there is at first. */
  private readonly atFirst: ReadonlySet<string> = $derived.by(() => {
    void this.graph
    return this.isMeasured ? untrack(() => openedAtFirst(this.ground)) : openPaths([])
  })
  readonly open = $derived.by(() => openPaths(this.session.open, this.atFirst))
  readonly scene = $derived(sceneOf(this.ground, this.open))
  readonly things = $derived(inFlow(this.graph, this.scene))

  /** The cards that are near and seen, named by one text, so that what stays does not change with every pan. */
  private readonly nearNames = $derived(
    this.lens.level === 'near'
      ? this.scene.cards.flatMap(({ card, box }) => (this.lens.sees(box) ? [card.id] : [])).join('\n')
      : '',
  )
  readonly near = $derived.by(() => {
    const { nearNames, scene, manifest, session } = this
    return nearCards(scene, nearNames ? nearNames.split('\n') : [], manifest, session.probe)
  })
  readonly pictures = $derived(
    this.near.size === 0
      ? this.scene.pictures
      : this.scene.cards.flatMap(({ card, pictures }) => this.near.get(card.id)?.pictures ?? pictures),
  )

  /** The shares that the network gives the classes for the chosen probe; null for none. */
  readonly prediction = $derived.by(() => {
    const { classifier, shown, probe } = this.session
    const outputs = shown?.frame.outputs
    if (!classifier || !outputs) return null
    const scores = valuesOf(classifier, outputs, probe)
    return scores && sharesOf(scores)
  })
  /** The prediction in words. */
  private readonly said = $derived.by(() => {
    const { prediction } = this
    const best = prediction ? bestOf(prediction) : -1
    return best < 0 ? '' : `${className(this.manifest.probes, best)} · ${percent(prediction?.[best] ?? 0)}`
  })

  /** The frame that is shown; -1 before there is one. */
  readonly frame = $derived.by(() => this.session.clock.shown?.frame.index ?? -1)

  private readonly limit = $derived.by(() => {
    void this.session.version // the statistics come after the first picture, and grow with the run
    return flowLimit(this.session.run)
  })
  /** How thick each route is. */
  readonly widths: readonly number[] = $derived.by(() => {
    const { shown, run, probe } = this.session
    return this.scene.routes.map(({ from }) => {
      const tensor = this.tensors.get(`activation/${from}`)
      return shown && tensor ? widthOf(flowOf(tensor, shown.frame, run, probe), this.limit) : WIDTHS.plain
    })
  })
  /** Whether any edge says how much flows along it. */
  readonly hasFlow = $derived(
    this.scene.routes.some(({ from }) => this.tensors.has(`activation/${from}`)) && this.limit > 0,
  )

  private readonly weights = $derived(this.scene.cards.map(({ leaf }) => weightsOf(leaf, this.tensors)))
  readonly hasRatios = $derived.by(() => {
    void this.session.version
    return this.weights.some((some) => some.length > 0) && this.session.run.frames.count > 1
  })
  readonly colouring = $derived.by(() =>
    colouringOf(this.session.more.colour, this.lens.level, this.hasRatios),
  )
  private readonly signs = $derived.by(() => {
    const { status, run } = this.session
    const signs = signsOf(status.health, this.graph, run)
    return this.scene.cards.map(({ leaf }) => leafSigns(leaf, signs))
  })
  /** What was noticed of each card up to the frame that is shown, a sentence a line. */
  readonly notes: readonly string[] = $derived(this.signs.map((signs) => saidOf(signs, this.frame)))
  /** Each card as a block of colour; none while they show their pictures. */
  readonly blocks: readonly Block[] = $derived.by(() => {
    const { run } = this.session
    if (this.colouring === 'picture') return []
    if (this.colouring === 'health') return this.signs.map((signs) => healthBlock(signs, this.frame))
    return this.weights.map((some) => ratioBlock(ratioOf(some, this.frame, run), this.theme.name))
  })
  constructor(
    private readonly looked: () => Session,
    readonly theme: Theme,
  ) {}

  get session(): Session {
    return this.looked()
  }

  /** What stands below a card: of the output what the network says of the probe. */
  below({ face }: PlacedCard): string {
    return face.pictures.some(({ picture }) => picture.sheet.kind === 'columns') ? this.said : ''
  }

  boxOf(id: string) {
    const { leaves, frames } = this.scene.placement
    return leaves.get(id) ?? frames.find((frame) => frame.id === id)
  }
}

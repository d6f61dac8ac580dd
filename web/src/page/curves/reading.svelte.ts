/** The step that the pointer stands on: every chart and strip of a view reads its values there. */
export class Reading {
  /** Null where the pointer is on no chart: then they are read where the clock stands. */
  step = $state<number | null>(null)
  /** Whether a plain drag selects a span of steps instead of moving the clock; Shift does so at any time. */
  isSpanTool = $state(false)
}

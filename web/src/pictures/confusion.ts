/** A table of what the probes are and what they are read as: right answers lie on the diagonal. */
import type { Size } from './paper/sheet'

export interface ConfusionColours {
  readonly right: string
  readonly wrong: string
  readonly line: string
  readonly soft: string
  readonly paper: string
  readonly ink: string
  readonly font: string
}

/** Room for the names of the classes. */
const NAMES = 22

/** From this depth of colour on, what is written on it is as light as paper. */
const DEEP = 0.8

/**
 * Draw the table on a cleared canvas whose unit is the CSS pixel: a row a class, a column a reading.
 *
 * @param counts - (class, reading) laid flat.
 */
export function drawConfusion(
  context: CanvasRenderingContext2D,
  counts: ArrayLike<number>,
  names: readonly string[],
  size: Size,
  colours: ConfusionColours,
): void {
  const classes = names.length
  const cell = Math.min(size.width - NAMES, size.height - NAMES) / Math.max(1, classes)
  const isNamed = cell >= 10
  const rows = Array.from({ length: classes }, (_, row) => sum(counts, row * classes, classes))
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.font = `11px ${colours.font}`
  for (let row = 0; row < classes; row++) {
    for (let column = 0; column < classes; column++) {
      const count = counts[row * classes + column] ?? 0
      const [x, y] = [NAMES + column * cell, NAMES + row * cell]
      context.fillStyle = colours.line
      context.globalAlpha = 0.4
      context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1)
      if (count > 0) {
        const depth = 0.35 + (0.65 * count) / (rows[row] ?? count)
        context.globalAlpha = depth
        context.fillStyle = row === column ? colours.right : colours.wrong
        context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1)
        context.globalAlpha = 1
        if (isNamed) {
          context.fillStyle = depth > DEEP ? colours.paper : colours.ink
          context.fillText(String(count), x + cell / 2, y + cell / 2 + 0.5)
        }
      }
      context.globalAlpha = 1
    }
  }
  if (!isNamed) return
  context.fillStyle = colours.soft
  for (const [i, name] of names.entries()) {
    const short = name.length * 6 > cell ? name.slice(0, Math.max(1, Math.floor(cell / 6))) : name
    context.fillText(short, NAMES + (i + 0.5) * cell, NAMES / 2)
    context.fillText(name.slice(0, 3), NAMES / 2, NAMES + (i + 0.5) * cell)
  }
}

function sum(values: ArrayLike<number>, from: number, count: number): number {
  let total = 0
  for (let i = from; i < from + count; i++) total += values[i] ?? 0
  return total
}

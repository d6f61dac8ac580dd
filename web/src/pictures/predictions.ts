/** What a model says of one probe, as small columns: shares of classes from below, or values from a middle line. */
import type { Size } from './paper/sheet'

export interface PredictionColours {
  readonly quiet: string
  readonly right: string
  readonly wrong: string
  readonly positive: string
  readonly negative: string
  readonly line: string
}

export interface Prediction {
  /** Shares from 0 to 1 for a classifier, else values divided by the end of their scale. */
  readonly shares: Float32Array
  readonly isClassifier: boolean
  /** The class that was chosen; -1 where there is none. */
  readonly best: number
  /** The right class; -1 where it is not known. */
  readonly label: number
}

/** The mark under the right class is so high (CSS pixels). */
const FOOT = 5

/** Draw on a cleared canvas whose unit is the CSS pixel. */
export function drawPrediction(
  context: CanvasRenderingContext2D,
  prediction: Prediction,
  size: Size,
  colours: PredictionColours,
): void {
  const { shares, isClassifier, label } = prediction
  const pitch = size.width / Math.max(1, shares.length)
  const width = Math.max(0.75, Math.min(pitch * 0.78, pitch - 1))
  const foot = isClassifier ? size.height - FOOT : size.height / 2
  const tallest = isClassifier ? size.height - FOOT : size.height / 2
  context.fillStyle = colours.line
  context.fillRect(0, foot, size.width, 1)
  shares.forEach((share, i) => {
    if (Number.isNaN(share)) return
    context.fillStyle = colourOf(prediction, i, share, colours)
    const height = Math.max(1, Math.min(1, Math.abs(share)) * tallest)
    context.fillRect(i * pitch + (pitch - width) / 2, share < 0 ? foot : foot - height, width, height)
  })
  if (isClassifier && label >= 0) {
    // A mark under the right class, so that right and wrong are not told by colour alone.
    context.fillStyle = colours.right
    const middle = (label + 0.5) * pitch
    context.beginPath()
    context.moveTo(middle, foot + 1.5)
    context.lineTo(middle + 3.2, size.height)
    context.lineTo(middle - 3.2, size.height)
    context.fill()
  }
}

function colourOf(
  { isClassifier, best, label }: Prediction,
  i: number,
  share: number,
  colours: PredictionColours,
) {
  if (!isClassifier) return share < 0 ? colours.negative : colours.positive
  if (i !== best) return colours.quiet
  if (label < 0) return colours.positive
  return i === label ? colours.right : colours.wrong
}

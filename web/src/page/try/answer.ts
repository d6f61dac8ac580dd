/** What the network says of the viewer's own input, read as the answers of the probes are. */
import { size } from '../../run/fields'
import { bestOf, sharesOf, type Answers } from '../probes/answers'
import type { Said } from './model'

export interface Answer {
  /** Shares that sum to 1 where it chooses among classes or tokens; else values as they are. */
  readonly values: Float32Array
  readonly isChoice: boolean
  /** The number of the largest share; -1 where nothing is chosen. */
  readonly best: number
}

/** The output that is shown: the one that chooses, else the first. */
export function shownOf(answers: readonly Answers[]): Answers | undefined {
  return answers.find(({ isClassifier }) => isClassifier) ?? answers[0]
}

/** @param isText - Whether the inputs are tokens: then each position of a sequence of scores chooses the next one. */
export function answerOf(said: Said, answers: Answers, isText: boolean): Answer | null {
  const { name, shape } = answers.output
  const row = said.get(`output/${name}`)
  if (row?.length !== size(shape.slice(1))) return null
  const last = shape.length > 1 ? (shape.at(-1) ?? 1) : 1
  const values = row.slice(row.length - last) // of a sequence, the last position
  const isChoice = answers.isClassifier || (isText && shape.length === 3)
  const shown = isChoice ? sharesOf(values) : values
  return { values: shown, isChoice, best: isChoice ? bestOf(shown) : -1 }
}

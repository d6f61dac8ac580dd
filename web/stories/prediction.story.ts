/** What the model says of the first probe: a column for each of ten classes, the last one the tallest. */
import { PREDICTION_GAIN, ProbeRow } from '../src/page/probes/row'
import { answersOf, sharesOf, valuesOf } from '../src/page/probes/answers'
import { matrix } from '../src/pictures/paper/sheet'
import { story } from './story'

export default story({ cell: { width: 9, height: 56 } }, async (run) => {
  const { outputs } = await run.frame(2, [])
  const [answers] = answersOf(run.manifest.probes)
  const scores = answers && outputs && valuesOf(answers, outputs, 0)
  if (!scores) throw new Error('the fixture has no outputs')
  const row = new ProbeRow(run.manifest.probes, await run.inputs(), scores.length)
  return {
    sheet: matrix(row.prediction.start, 1, scores.length, 'columns'),
    ink: { codes: row.rowOf(sharesOf(scores)), gain: PREDICTION_GAIN, bias: 0, base: null },
  }
})

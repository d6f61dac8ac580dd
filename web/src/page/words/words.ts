/** What the words of the page mean, each in a sentence or two. */

export const WORDS = {
  parameter: 'One number that training changes: a weight or a bias.',
  step: 'One update of the weights by the optimizer, after one batch.',
  frame:
    'One recorded moment: the values of every tensor after a step. They lie denser where the training is young.',
  probe:
    'A fixed input that the model is shown at every frame, so that its answers can be compared over time.',
  activation: 'What a layer puts out for one input.',
  gradient: 'In which direction, and how steeply, the loss rises with each weight. A step goes against it.',
  embedding:
    'What the last layer but the output makes of a probe: many numbers, seen here under one plane that never turns. What moves is learning.',
  confusion: 'A row for each class, a column for each answer. What is right lies on the diagonal.',
  forgetting: 'A probe that was read right and is read wrong later (Toneva et al., 2019).',
  milestone:
    'A moment at which something happened: a class learned, a layer come to rest, a check that failed.',
  budget:
    'The share of the training’s time that recording may take. The recorder measures itself and keeps to it.',
  health:
    'Checks that read every frame: dead units, exploding or vanishing gradients, a stalled loss, and more.',
} as const

export type WordName = keyof typeof WORDS

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tensorOf, tensors } from '../../testing/tensors'
import { indexOf } from './place'

test('every place of a picture is that of one value of the whole tensor, in the order of memory', () => {
  fc.assert(
    fc.property(tensors, (tensor) => {
      const seen = Array.from({ length: tensor.count }, (_, i) => indexOf(tensor, tensor.offset + i))
      const keys = seen.map((index) => index.reduce((sum, n, axis) => sum * (tensor.shape[axis] ?? 0) + n, 0))
      const isKept = seen.every(
        (index) =>
          index.length === tensor.shape.length &&
          index.every((n, axis) => n % (tensor.strides[axis] ?? 1) === 0 && n < (tensor.shape[axis] ?? 0)),
      )
      expect(isKept).toBe(true)
      expect(keys.every((key, i) => i === 0 || key > (keys[i - 1] ?? NaN))).toBe(true)
    }),
  )
})

test('a kept value has the index that the recorder took it from', () => {
  const tensor = tensorOf({ shape: [10, 800], strides: [1, 2], offset: 36 })
  expect(indexOf(tensor, 36)).toEqual([0, 0])
  expect(indexOf(tensor, 37)).toEqual([0, 2])
  expect(indexOf(tensor, 36 + 400)).toEqual([1, 0])
  expect(indexOf(tensor, 36 + 3999)).toEqual([9, 798])
  expect(indexOf(tensorOf({ shape: [] }), 0)).toEqual([])
})

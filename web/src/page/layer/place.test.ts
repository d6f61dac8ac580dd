import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tensorOf, tensors } from '../../testing/tensors'
import { indexOf } from './place'

test('every place of a picture is that of one value of the whole tensor, in the order of memory', () => {
  fc.assert(
    fc.property(tensors, (tensor) => {
      const seen = Array.from({ length: tensor.count }, (_, i) => indexOf(tensor, tensor.offset + i))
      const keys = seen.map((index) => index.reduce((sum, n, axis) => sum * (tensor.shape[axis] ?? 0) + n, 0))
      for (const [i, index] of seen.entries()) {
        expect(index).toHaveLength(tensor.shape.length)
        index.forEach((n, axis) => {
          expect(n % (tensor.strides[axis] ?? 1)).toBe(0)
          expect(n).toBeLessThan(tensor.shape[axis] ?? 0)
        })
        if (i) expect(keys[i]).toBeGreaterThan(keys[i - 1] ?? NaN)
      }
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

/** Tensors that no fixture has: of any role, shape and stride. */
import fc from 'fast-check'
import { size } from '../run/fields'
import { ROLES, type Role, type TensorEntry } from '../run/manifest'
import { valueAt, type Sheet } from '../pictures/paper/sheet'

export interface Given {
  readonly role?: Role
  readonly name?: string
  readonly shape: readonly number[]
  readonly strides?: readonly number[]
  readonly offset?: number
  readonly index?: number
}

export function tensorOf(given: Given): TensorEntry {
  const { role = 'weight', name = 'w', shape, offset = 0, index = 0 } = given
  const strides = given.strides ?? shape.map(() => 1)
  const kept = shape.map((length, axis) => Math.ceil(length / (strides[axis] ?? 1)))
  const [count, whole] = [size(kept), size(shape)]
  const more = { dtype: 'float32', measured: whole, module: '', aliases: [] }
  return {
    index,
    key: `${role}/${name}`,
    name,
    role,
    shape,
    strides,
    kept,
    size: whole,
    count,
    offset,
    ...more,
  }
}

export const PROBES = 3

interface Axis {
  readonly length: number
  readonly stride: number
}

/** The two axes of attention weights, three of them packed along one. */
function packedAs(axis: number, [first = { length: 4, stride: 1 }]: readonly Axis[]): Axis[] {
  const [each, whole] = [first, { length: 3 * first.length, stride: first.stride }]
  return axis === 0 ? [whole, each] : [each, whole]
}

/** The first axis of an activation is mostly the probes, and is then kept whole. Some are weights of an attention. */
export const tensors = fc
  .record({
    role: fc.constantFrom(...ROLES),
    axes: fc.array(fc.record({ length: fc.nat(12), stride: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 5,
    }),
    offset: fc.nat(50),
    hasProbes: fc.boolean(),
    packed: fc.constantFrom(-1, 0, 1),
  })
  .map(({ role, axes: given, offset, hasProbes, packed }) => {
    const axes = packed < 0 ? given : packedAs(packed, given)
    const name = packed < 0 ? 'w' : 'attn.in_proj_weight'
    const first = role === 'activation' && hasProbes ? [{ length: PROBES, stride: 1 }] : []
    const all = [...first, ...axes]
    const shape = all.map(({ length }) => length)
    const isEach = role === 'activation' && shape[0] === PROBES
    const strides = all.map(({ stride }, axis) => (isEach && axis === 0 ? 1 : stride))
    return tensorOf({ role, name, shape, strides, offset })
  })
  .filter(({ count }) => count <= 1000)

export const sizes = fc.record({
  width: fc.integer({ min: 1, max: 400 }),
  height: fc.integer({ min: 1, max: 400 }),
})

/** The places in the flat row that a sheet shows, cell by cell; a colour is three of them. */
export function placesOn(sheet: Sheet): number[] {
  const places: number[] = []
  for (let row = 0; row < sheet.rows; row++) {
    for (let column = 0; column < sheet.columns; column++) {
      const place = valueAt(sheet, column, row)
      const colours = sheet.kind === 'rgb' && sheet.steps.channel ? [0, 1, 2] : [0]
      if (place >= 0) places.push(...colours.map((colour) => place + colour * sheet.steps.channel))
    }
  }
  return places
}

/** `start`, `start + 1`, … */
export function rangeOf(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + i)
}

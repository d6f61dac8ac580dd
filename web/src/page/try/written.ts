/** An input of the viewer's own in the address, so that a drawing is a link. */
import type { ProbeArray } from '../../run/manifest'
import { size } from '../../run/fields'
import type { Values } from '../../run/values'
import { levelsOf, ofLevels } from './pen'
import { kindOf, type Range } from './ranges'

/** An image with more values than this would make an address that no one can pass on. */
const MOST_VALUES = 3072

/** `i` and an image's levels, `v` and a table's numbers, `t` and the numbers of tokens; empty for what has no room. */
export function written(input: ProbeArray, values: Values, ranges: readonly Range[]): string {
  switch (kindOf(input)) {
    case 'image':
      return values.length > MOST_VALUES ? '' : `i${base64(levelsOf(values, ranges))}`
    case 'table':
      return `v${Array.from(values, (value) => String(Number(value.toPrecision(6)))).join(',')}`
    case 'tokens':
      return values.length > MOST_VALUES ? '' : `t${values.join(',')}`
    default:
      return ''
  }
}

/** The input that a text stands for; null where it stands for none of this kind. */
export function readWritten(text: string, input: ProbeArray, ranges: readonly Range[]): Values | null {
  const wanted = size(input.shape.slice(1))
  const [mark, rest] = [text.slice(0, 1), text.slice(1)]
  const kind = kindOf(input)
  if (mark === 'i' && kind === 'image') {
    const levels = fromBase64(rest)
    return levels?.length === wanted ? ofLevels(levels, ranges) : null
  }
  if ((mark === 'v' && kind === 'table') || (mark === 't' && kind === 'tokens')) {
    const numbers = rest.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)))
    if (numbers.length !== wanted || !numbers.every(Number.isFinite)) return null
    return kind === 'table' ? Float32Array.from(numbers) : Float64Array.from(numbers, Math.trunc)
  }
  return null
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}

/** Reads the JSON of a run that may come from a stranger: every field is checked before anything trusts it. */
import { broken, type RunError } from './errors'

/** More values than this in one tensor is not a model but a trap (2^53: exact in JSON and in JavaScript). */
export const MOST = 2 ** 53

/** One JSON object and the place it was found at, for messages such as `tensors[3].shape is [-1]`. */
export class Fields {
  private readonly content: Readonly<Record<string, unknown>>

  constructor(
    content: unknown,
    private readonly place: string,
    /** Makes the error of what is no run: its message says what was damaged, and the remedy. */
    private readonly refuse: (what: string) => RunError = broken,
  ) {
    if (!isObject(content)) throw refuse(`${place} is ${short(content)}, not an object`)
    this.content = content
  }

  /** A field as it is; it must be there. */
  value(name: string): unknown {
    if (!Object.hasOwn(this.content, name)) throw this.refuse(`${this.place} has no '${name}'`)
    return this.content[name]
  }

  has(name: string): boolean {
    return Object.hasOwn(this.content, name) && this.content[name] !== null
  }

  text(name: string, otherwise?: string): string {
    const value = this.either(name, otherwise)
    if (typeof value !== 'string') throw this.bad(name, 'text')
    return value
  }

  flag(name: string, otherwise?: boolean): boolean {
    const value = this.either(name, otherwise)
    if (typeof value !== 'boolean') throw this.bad(name, 'true or false')
    return value
  }

  /** A finite number. */
  number(name: string, otherwise?: number): number {
    const value = this.either(name, otherwise)
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.bad(name, 'a finite number')
    return value
  }

  /** A whole number, zero or more. */
  whole(name: string, otherwise?: number): number {
    const value = this.either(name, otherwise)
    if (!isWhole(value)) throw this.bad(name, 'a whole number, zero or more')
    return value
  }

  /** A shape: a list of whole numbers whose product is one too. It is never left out. */
  shape(name: string): readonly number[] {
    this.value(name)
    const sizes = this.wholes(name)
    if (sizes.length > 32 || size(sizes) > MOST) throw this.bad(name, 'a shape of at most 2^53 values')
    return sizes
  }

  /** A list of whole numbers, zero or more; absent is empty. */
  wholes(name: string): readonly number[] {
    const value = this.either(name, [])
    if (!Array.isArray(value) || !value.every(isWhole)) throw this.bad(name, 'a list of whole numbers')
    return value
  }

  /** A list of finite numbers; absent is empty. */
  numbers(name: string): readonly number[] {
    const value = this.either(name, [])
    if (!Array.isArray(value) || !value.every((item) => Number.isFinite(item))) {
      throw this.bad(name, 'a list of finite numbers')
    }
    return value as readonly number[]
  }

  /** A list of texts; absent is empty. */
  texts(name: string): readonly string[] {
    const value = this.either(name, [])
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.bad(name, 'a list of texts')
    }
    return value
  }

  /** A list of objects, each built from its own fields; absent is empty. */
  items<T>(name: string, build: (fields: Fields) => T): readonly T[] {
    const value = this.either(name, [])
    if (!Array.isArray(value)) throw this.bad(name, 'a list')
    return value.map((item, i) => build(new Fields(item, `${this.place}.${name}[${i}]`, this.refuse)))
  }

  inner(name: string): Fields {
    return new Fields(this.value(name), `${this.place}.${name}`, this.refuse)
  }

  private either(name: string, otherwise: unknown): unknown {
    return Object.hasOwn(this.content, name) ? this.content[name] : otherwise
  }

  private bad(name: string, expected: string): RunError {
    return this.refuse(`${this.place}.${name} is ${short(this.either(name, undefined))}, not ${expected}`)
  }
}

/** The product of a shape: how many values it holds. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

export function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function short(value: unknown): string {
  const shown = value === undefined ? 'missing' : JSON.stringify(value)
  return shown.length <= 60 ? shown : `${shown.slice(0, 57)}…`
}

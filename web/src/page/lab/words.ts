/** Numbers, dates and places as the lab's pages tell them. */
import type { Measured, Measure } from '../../run/lab'
import { duration } from '../numbers'
import { shown } from '../practice/words'

/** `0.042 s`; an en dash for what was not finite. */
export function told(value: number | null, unit = ''): string {
  return value === null ? '–' : `${shown(value)}${unit && ` ${unit}`}`
}

/** `0.038 to 0.047`; empty where there is none. */
export function interval({ low, high }: Measured): string {
  return low === null && high === null ? '' : `${told(low)} to ${told(high)}`
}

/** `30 Nov 2026`; what is no date as it stands. */
export function day(date: string): string {
  const time = Date.parse(date)
  if (Number.isNaN(time)) return date
  return new Date(time).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
}

/** `20:15:07` of a moment; what is none as it stands. */
export function moment(date: string): string {
  const time = Date.parse(date)
  return Number.isNaN(time) ? date : new Date(time).toISOString().slice(0, 19).replace('T', ' ')
}

/** `3 min`, `40 s`: a cost is known no better. */
export function roughly(seconds: number): string {
  return seconds < 100 ? duration(seconds) : duration(60 * Math.round(seconds / 60)).replace(' 0 s', '')
}

/** The head of a column: `seconds (s)`. */
export function headOf({ name, unit }: Measure): string {
  return unit ? `${name} (${unit})` : name
}

/** The run among those on the page that a trial recorded at a path below the lab; none where it is not shown here. */
export function runAt<T extends { readonly name: string }>(path: string, runs: readonly T[]): T | undefined {
  return runs.find(({ name }) => name === path || name.endsWith(`/${path}`))
}

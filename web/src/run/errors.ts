/** The one error of the reader: what happened, with the values, and what to do next. */
export class RunError extends Error {
  constructor(
    readonly what: string,
    readonly fix: string,
  ) {
    super(`${what}\n  fix: ${fix}`)
    this.name = 'RunError'
  }
}

/** The error of a run whose content contradicts its format. */
export function broken(what: string): RunError {
  return new RunError(
    `this run cannot be trusted: ${what}`,
    'it was damaged or not written by Onionskin; copy it again from where it was recorded',
  )
}

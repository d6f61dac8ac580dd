/** Which lines of the levels do the same. */
import type { Peel, PeelArray, PeelProgram } from '../../run/peel'

const NONE: ReadonlySet<number> = new Set()

/** The lines of a program that do one of these steps. */
export function linesDoing(program: PeelProgram, steps: readonly number[]): ReadonlySet<number> {
  if (!steps.length) return NONE
  const wanted = new Set(steps)
  const lines = new Set<number>()
  for (const [line, own] of program.steps) if (own.some((step) => wanted.has(step))) lines.add(line)
  return lines
}

/** The next statement that does something, down or up, by its first line; the first or last where there is none. */
export function neighbourOf(program: PeelProgram, line: number, direction: 1 | -1): number {
  const lines = [...program.steps.keys()].filter((one) => begins(program, one)).sort((a, b) => a - b)
  const found = direction > 0 ? lines.find((one) => one > line) : lines.findLast((one) => one < line)
  return found ?? (direction > 0 ? lines.at(-1) : lines[0]) ?? 0
}

/** Whether a line begins a statement: what goes on over several lines does the same on each. */
function begins({ steps }: PeelProgram, line: number): boolean {
  return steps.get(line - 1)?.join() !== steps.get(line)?.join()
}

/** The line of another program to go to from one: what does the same, else the first that does anything. */
export function counterpart(program: PeelProgram, steps: readonly number[]): number {
  return firstOf(linesDoing(program, steps)) || neighbourOf(program, 0, 1)
}

/** The arrays of a step, one for each call of its line. */
export function arraysOf(peel: Peel, step: number): readonly PeelArray[] {
  return peel.arrays.filter((array) => array.step === step)
}

/** Where a column is scrolled to: the first of the lines that are lit; 0 for none. */
export function firstOf(lines: ReadonlySet<number>): number {
  return lines.size ? Math.min(...lines) : 0
}

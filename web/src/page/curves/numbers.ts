/** `0.0123`, `1e-5`, `2.4e+7`: a value of a curve in few letters; a dash where there is none. */
export function brief(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  const size = Math.abs(value)
  if (size === Infinity) return value > 0 ? '∞' : '−∞'
  return size !== 0 && (size < 1e-3 || size >= 1e5)
    ? value.toExponential(1).replace('.0', '')
    : String(Number(value.toPrecision(3)))
}

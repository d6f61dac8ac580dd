/**
 * One fixed linear map of a run's embeddings to the plane: what moves on the plane moved in the network.
 *
 * The axes are the two main ones of all probes at frames spread over the run (principal components). A map that was
 * made anew at every frame would move points that stand still: Li, Zhao & Scheidegger, "Visualizing Neural Networks
 * with the Grand Tour", Distill 2020.
 */

export interface Projection {
  readonly centre: Float64Array
  /** Two axes of length 1, at right angles. */
  readonly axes: readonly [Float64Array, Float64Array]
  /** The share of the spread that the two axes show, 0 to 1. */
  readonly share: number
}

/** The axes come from at most so many points. */
export const MOST_POINTS = 400
const ROUNDS = 60

/**
 * The main axes of points, each `width` values; null where they do not spread.
 *
 * @param points - (point, value) laid flat. Points that are not finite are left out.
 */
export function projectionOf(points: Float32Array, width: number): Projection | null {
  const rows = finiteRows(points, width)
  if (rows.length < 2 || width < 1) return null
  const centre = meanOf(rows, width)
  const centred = rows.map((row) => Float64Array.from(row, (value, i) => value - (centre[i] ?? 0)))
  // Of few points in many dimensions, the products between points are the smaller table.
  const gram = centred.map((a) => Float64Array.from(centred, (b) => dot(a, b)))
  const spread = gram.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
  // What is left of rounding is no spread.
  if (!(spread > 1e-12 * rows.length * dot(centre, centre)) || !(spread > 0)) return null
  const first = mainVector(gram, null)
  const second = mainVector(gram, first.vector)
  const main = axisOf(centred, first.vector, width)
  const other = axisOf(centred, second.vector, width)
  takeOut(other, main)
  const isLine = second.value <= 1e-9 * first.value || dot(other, other) < 0.25
  if (isLine) other.set(anyAcross(main))
  else scaleTo1(other)
  return { centre, axes: [main, other], share: Math.min(1, (first.value + second.value) / spread) }
}

/** Where a point stands on the plane. */
export function project({ centre, axes }: Projection, point: ArrayLike<number>): readonly [number, number] {
  let [x, y] = [0, 0]
  for (let i = 0; i < centre.length; i++) {
    const value = (point[i] ?? NaN) - (centre[i] ?? 0)
    x += value * (axes[0][i] ?? 0)
    y += value * (axes[1][i] ?? 0)
  }
  return [x, y]
}

/** Up to `MOST_POINTS` of the points, evenly chosen. */
function finiteRows(points: Float32Array, width: number): Float32Array[] {
  const count = Math.floor(points.length / Math.max(1, width))
  const stride = Math.max(1, Math.ceil(count / MOST_POINTS))
  const rows: Float32Array[] = []
  for (let i = 0; i < count; i += stride) {
    const row = points.subarray(i * width, (i + 1) * width)
    if (row.every(Number.isFinite)) rows.push(row)
  }
  return rows
}

function meanOf(rows: readonly Float32Array[], width: number): Float64Array {
  const mean = new Float64Array(width)
  for (const row of rows)
    for (let i = 0; i < width; i++) mean[i] = (mean[i] ?? 0) + (row[i] ?? 0) / rows.length
  return mean
}

/** The main eigenvector of a symmetric table by power iteration, at right angles to another. */
function mainVector(
  table: readonly Float64Array[],
  across: Float64Array | null,
): { vector: Float64Array; value: number } {
  // Always the same start, so that a run always has the same axes.
  let vector = Float64Array.from(table, (_, i) => Math.sin(1 + 7 * i))
  let value = 0
  for (let round = 0; round < ROUNDS; round++) {
    if (across) takeOut(vector, across)
    scaleTo1(vector)
    const next = Float64Array.from(table, (row) => dot(row, vector))
    value = dot(vector, next)
    vector = next
  }
  if (across) takeOut(vector, across)
  scaleTo1(vector)
  return { vector, value: Math.max(0, value) }
}

function axisOf(rows: readonly Float64Array[], weights: Float64Array, width: number): Float64Array {
  const axis = new Float64Array(width)
  for (const [n, row] of rows.entries()) {
    for (let i = 0; i < width; i++) axis[i] = (axis[i] ?? 0) + (row[i] ?? 0) * (weights[n] ?? 0)
  }
  scaleTo1(axis)
  return axis
}

/** Some axis at right angles to one: where all points lie on a line. */
function anyAcross(axis: Float64Array): Float64Array {
  const other = axis.map((_, i) => (i === 0 ? 1 : 0))
  const least = axis.reduce((best, value, i) => (Math.abs(value) < Math.abs(axis[best] ?? 0) ? i : best), 0)
  other.fill(0)
  other[least] = 1
  takeOut(other, axis)
  scaleTo1(other)
  return other
}

function takeOut(vector: Float64Array, axis: Float64Array): void {
  const along = dot(vector, axis)
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) - along * (axis[i] ?? 0)
}

function scaleTo1(vector: Float64Array): void {
  const length = Math.sqrt(dot(vector, vector))
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

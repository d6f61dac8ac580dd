/**
 * The paper that pictures are drawn on: cells in tiles, each cell showing one kept value.
 *
 * A sheet says where values go and nothing of their colours, so it stays as it is from frame to frame, and what moves
 * on it is learning. It is plain numbers, so that a shader finds the value of a pixel as well as a loop does.
 */

export interface Sheet {
  /**
   * `heat`: a cell has the colour of its value. `bars`: it is as tall, up or down from a middle line; `columns`: up
   * from the bottom. `rgb`: three values are a colour.
   */
  readonly kind: 'heat' | 'bars' | 'columns' | 'rgb'
  /** The size in cells, gaps included. */
  readonly columns: number
  readonly rows: number
  readonly tiles: number
  /** Tiles in a row of tiles. */
  readonly across: number
  readonly tileColumns: number
  readonly tileRows: number
  /** Cells left empty between tiles. */
  readonly gap: number
  /** Where the first value lies in the flat row of the frame. */
  readonly start: number
  /** How far apart the values of neighbours lie: tiles across and down, cells down and across, colours. */
  readonly steps: Steps
}

export interface Steps {
  readonly tileAcross: number
  readonly tileDown: number
  readonly row: number
  readonly column: number
  readonly channel: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** One tile: a matrix of `rows` × `columns` values, laid as they lie in memory. */
export function matrix(start: number, rows: number, columns: number, kind: Sheet['kind'] = 'heat'): Sheet {
  return tiled({ kind, start, tiles: 1, across: 1, tileRows: rows, tileColumns: columns, gap: 0 })
}

interface Tiling {
  readonly kind?: Sheet['kind']
  readonly start: number
  readonly tiles: number
  readonly across: number
  readonly tileRows: number
  readonly tileColumns: number
  readonly gap: number
  readonly steps?: Partial<Steps>
}

/** Tiles that follow each other in memory, row by row, unless `steps` says otherwise. */
export function tiled(of: Tiling): Sheet {
  const { start, tiles, tileRows, tileColumns, gap, kind = 'heat' } = of
  const across = Math.max(1, of.across)
  const down = Math.ceil(tiles / across)
  const tile = tileRows * tileColumns
  const steps = {
    tileAcross: tile,
    tileDown: tile * across,
    row: tileColumns,
    column: 1,
    channel: 0,
    ...of.steps,
  }
  return {
    kind,
    columns: Math.max(0, Math.min(tiles, across) * (tileColumns + gap) - gap),
    rows: Math.max(0, down * (tileRows + gap) - gap),
    tiles,
    across,
    tileColumns,
    tileRows,
    gap,
    start,
    steps,
  }
}

/** Where the value of a cell lies in the flat row; -1 in a gap and behind the last tile. */
export function valueAt(sheet: Sheet, column: number, row: number): number {
  const { tileColumns, tileRows, gap, across, steps } = sheet
  if (column < 0 || row < 0 || column >= sheet.columns || row >= sheet.rows) return -1
  const tileX = Math.floor(column / (tileColumns + gap))
  const tileY = Math.floor(row / (tileRows + gap))
  const x = column - tileX * (tileColumns + gap)
  const y = row - tileY * (tileRows + gap)
  if (x >= tileColumns || y >= tileRows || tileY * across + tileX >= sheet.tiles) return -1
  return sheet.start + tileX * steps.tileAcross + tileY * steps.tileDown + y * steps.row + x * steps.column
}

/** No row has more tiles than a screen has pixels: a run from a stranger may say that a tensor keeps 2^53 of them. */
const WIDEST = 16_384

/** How many tiles to put in a row so that the whole is about as wide for its height as `size`. */
export function arrange(
  tiles: number,
  tileColumns: number,
  tileRows: number,
  gap: number,
  size: Size,
): number {
  const wanted = Math.log(size.width / size.height)
  let best = 1
  let bestCost = Infinity
  for (let across = 1; across <= Math.min(tiles, WIDEST); across++) {
    const down = Math.ceil(tiles / across)
    const width = across * (tileColumns + gap) - gap
    const height = down * (tileRows + gap) - gap
    const empty = (across * down - tiles) / tiles
    const cost = Math.abs(Math.log(width / height) - wanted) + 2 * empty
    if (cost < bestCost) [best, bestCost] = [across, cost]
  }
  return best
}

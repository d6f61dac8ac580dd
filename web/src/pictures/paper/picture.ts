/** What a picture type is. Each is one file in `src/pictures`, found by being there. */
import type { TensorEntry } from '../../run/manifest'
import type { Sheet, Size } from './sheet'

/** What is drawn: a tensor, and which of the probes where it has one row a probe. */
export interface Subject {
  readonly tensor: TensorEntry
  readonly probe: number
  /** How many probes the run has. */
  readonly probes: number
  /** How many attention heads its layer has, where the run tells. */
  readonly heads?: number
}

export interface Picture {
  /** In a caption: `as filters`. */
  readonly name: string
  /** How well it suits a tensor, from 0 (not at all); the page takes the one that suits best. */
  suits(tensor: TensorEntry): number
  /**
   * Lay the kept values of a tensor out on a sheet of about the proportions of `size`.
   *
   * Pure, and the same at every frame: the frame gives the colours (see `paint`).
   */
  draw(subject: Subject, size: Size): Sheet
  /** The tensor in a few words: `8 filters 5 × 5`. */
  caption(tensor: TensorEntry): string
}

/** `64 × 256`. */
export function times(shape: readonly number[]): string {
  return shape.map((length) => length.toLocaleString('en')).join(' × ')
}

/** The picture types are the files of this folder: a new one is found by being there. */
import type { TensorEntry } from '../../run/manifest'
import type { Picture } from './picture'

const files = import.meta.glob<{ picture?: Picture }>(['../*.ts', '!../*.test.ts'], { eager: true })

export const PICTURES: readonly Picture[] = Object.values(files).flatMap(({ picture }) => picture ?? [])

/** The picture type that suits a tensor best. */
export function pictureFor(tensor: TensorEntry): Picture {
  return PICTURES.reduce((best, picture) => (picture.suits(tensor) > best.suits(tensor) ? picture : best))
}

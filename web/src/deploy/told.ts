/** What the page is told of its model: `model.json` of a deployment, which stands in it. */

export interface PictureKind {
  readonly kind: 'picture'
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly fit: 'squish' | 'crop' | 'pad'
  /** Whether one may draw instead of choosing a photo. */
  readonly draw: boolean
}

/** One column of a table, as a form asks for it. */
export interface Field {
  readonly name: string
  readonly kind: string
  readonly usual: string | number | null
  readonly values?: readonly string[]
  /** Of dates: whether the time of day counts. */
  readonly times?: boolean
}

/** Columns, and which numbers and codes are made of them: see `onionskin/data/encoding.py`. */
export interface FormKind {
  readonly kind: 'form'
  readonly columns: readonly Field[]
  readonly numbers: readonly { readonly column: string; readonly part: string }[]
  readonly categories: readonly {
    readonly column: string
    readonly part: string
    readonly values: readonly string[]
    readonly first: number
  }[]
}

/** What byte pairs on bytes are made of. */
export interface BytePairs {
  readonly vocabulary: Readonly<Record<string, number>>
  readonly merges: readonly (readonly [string, string])[]
  /** Tokens that are found in a text as they are. */
  readonly special: readonly string[]
  /** The token before a text. */
  readonly start: number | null
  /** Whether capitals are read as small letters. */
  readonly lower: boolean
  /** The most tokens of a text. */
  readonly most: number
}

export type TextKind = { readonly kind: 'text' } & (
  | { readonly reads: 'ngrams'; readonly rows: number }
  | { readonly reads: 'byte pairs'; readonly tokenizer: BytePairs }
)

export type Goal =
  | { readonly kind: 'one_of' | 'any_of'; readonly classes: readonly string[] }
  | { readonly kind: 'number'; readonly name: string }

export interface Told {
  readonly title: string
  readonly measured: string
  readonly made_with: string
  readonly goal: Goal
  readonly inputs: readonly { readonly name: string; readonly is: string }[]
  readonly page: PictureKind | FormKind | TextKind
}

export function told(): Told {
  return JSON.parse(document.getElementById('told')?.textContent ?? '') as Told
}

/** Bytes that stand in the page: gzip in base64. The element is emptied, so that they are held once. */
export async function embedded(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const element = document.getElementById(id)
  const packed = bytesOf(element?.textContent.trim() ?? '')
  if (element) element.textContent = ''
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** A loop: of 20 MB it takes a tenth of what a function for each letter does. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const letters = atob(base64)
  const bytes = new Uint8Array(letters.length)
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i)
  return bytes
}

/** Several names in one text with commas between, as they stand in the address. A comma in a name is encoded. */

export function joinNames(names: readonly string[]): string {
  return names.map((name) => name.replace(/[%,]/g, encodeURIComponent)).join(',')
}

export function splitNames(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter(Boolean).map(decoded)
}

/** What somebody typed into the address may be no encoding at all. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

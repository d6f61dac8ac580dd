/** The views of a run, in the order in which a person meets them. */

export const VIEWS = [
  { name: 'network', label: 'Network' },
  { name: 'layer', label: 'Layer' },
  { name: 'probes', label: 'Probes' },
  { name: 'space', label: 'Input space' },
  { name: 'curves', label: 'Curves' },
  { name: 'landscape', label: 'Landscape' },
  { name: 'story', label: 'Story' },
  { name: 'compare', label: 'Compare' },
  { name: 'try', label: 'Try it' },
] as const

export type View = (typeof VIEWS)[number]['name']

export function isView(text: string | null): text is View {
  return VIEWS.some(({ name }) => name === text)
}

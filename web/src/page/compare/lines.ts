/** How the runs of a comparison are told apart: by colour, by dashes for those who see no colours, and by name. */

/** Of the palette of Okabe & Ito, as pictures/paper/classes.ts has it; each is told from the others by lightness too. */
const LINES = [
  { light: '#1d1d1f', dark: '#ecebe6', dash: [] },
  { light: '#b35c00', dark: '#ffb04d', dash: [7, 3] },
  { light: '#2c69b0', dark: '#7db3f5', dash: [2, 3] },
  { light: '#00795a', dark: '#4fd0a8', dash: [10, 3, 2, 3] },
] as const

/** No more are laid side by side. */
export const MOST_RUNS = LINES.length

export function lineOf(place: number, theme: 'light' | 'dark'): { colour: string; dash: readonly number[] } {
  const line = LINES[place % MOST_RUNS] ?? LINES[0]
  return { colour: line[theme], dash: line.dash }
}

// @ts-check
/**
 * Suspects one by one, decided by key. Every decision is on the disk before the next one is shown.
 *
 * @typedef {{ row: number, where: string, issue: string, score: number, label: string, suggested: string, other: string,
 *   other_row: number, part: string }} Suspect
 * @typedef {{ decision: string, label: string }} Made
 * @typedef {{ png: string | null, text: string, where: string, label: string }} Example
 * @typedef {{ source: string, file: string, what: string, classes: string[], suspects: Suspect[],
 *   made: Record<string, Made> }} Listed
 */

/** Pictures with shorter sides are shown pixel by pixel. */
const SMALL = 128

/** @param {string} id @returns {HTMLElement} */
const by = (id) => /** @type {HTMLElement} */ (document.getElementById(id))
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (by(id))
const labels = /** @type {HTMLSelectElement} */ (by('labels'))

/** @type {Listed} */
let listed
let at = 0
/** Which suspects were decided, in order: what undo goes back by. @type {number[]} */
const past = []
/** One request after another. */
let isBusy = false
/** @type {Map<number, Promise<Example>>} */
const examples = new Map()

/** @param {string} path @param {RequestInit} [options] */
async function ask(path, options) {
  let answer
  try {
    answer = await fetch(path, options)
  } catch {
    throw new Error('Nobody answers: onionskin clean has ended. Start it again; what was decided is kept.')
  }
  if (answer.ok) return answer.json()
  const told = answer.headers.get('Content-Type')?.includes('json') ? await answer.json() : null
  throw new Error(told ? `${told.what}. ${told.fix}.` : await answer.text())
}

/** @param {number} row @returns {Promise<Example>} */
function example(row) {
  const known = examples.get(row) ?? ask(`examples/${row}`)
  if (!examples.has(row)) {
    examples.set(row, known)
    known.catch(() => examples.delete(row))
    if (examples.size > 60) examples.delete(/** @type {number} */ (examples.keys().next().value))
  }
  return known
}

/** @param {Suspect} suspect @returns {Made | undefined} */
const madeOf = (suspect) => (Object.hasOwn(listed.made, suspect.where) ? listed.made[suspect.where] : undefined)

/** @param {Suspect} suspect */
function question(suspect) {
  if (suspect.issue === 'label') return `“${suspect.label}”, or rather “${suspect.suggested}”?`
  if (suspect.issue === 'duplicate') return 'Is it there already?'
  return 'Does it belong here?'
}

/** @param {Suspect} suspect */
function why(suspect) {
  const part = suspect.part === 'valid' ? 'It is held out.' : 'It is trained on.'
  if (suspect.issue === 'label') {
    const share = (100 * (1 - suspect.score)).toLocaleString('en', { maximumSignificantDigits: 2 })
    return `A model that has not seen it gives “${suspect.label}” ${share} %. ${part}`
  }
  if (suspect.issue === 'duplicate') {
    const differs = suspect.suggested ? ` There it is called “${suspect.suggested}”.` : ''
    return `It is the same as ${suspect.other}, or nearly.${differs} ${part}`
  }
  const share = (100 * suspect.score).toLocaleString('en', { maximumSignificantDigits: 4 })
  return `${share} % of all examples lie nearer to others. ${part}`
}

/** @param {Made | undefined} made */
function words(made) {
  if (!made) return ''
  if (made.decision === 'relabel') return `Decided: it is “${made.label}”.`
  return made.decision === 'drop' ? 'Decided: it is dropped.' : 'Decided: it stays as it is.'
}

/** @param {Example} shown @param {string} caption */
function figure(shown, caption) {
  const box = document.createElement('figure')
  if (shown.png) {
    const picture = document.createElement('img')
    picture.alt = caption
    picture.onload = () => picture.classList.toggle('small', picture.naturalWidth < SMALL)
    picture.src = `data:image/png;base64,${shown.png}`
    box.append(picture)
  }
  if (shown.text) {
    const text = document.createElement('p')
    text.className = 'text'
    text.tabIndex = 0
    text.textContent = shown.text
    box.append(text)
  }
  const below = document.createElement('figcaption')
  below.className = 'soft'
  below.textContent = `${caption}${shown.label ? ` · “${shown.label}”` : ''}`
  box.append(below)
  return box
}

async function show() {
  const { suspects } = listed
  const decided = suspects.filter((suspect) => madeOf(suspect)).length
  by('count').textContent = `${decided} of ${suspects.length} decided`
  const progress = /** @type {HTMLProgressElement} */ (by('progress'))
  progress.max = Math.max(1, suspects.length)
  progress.value = decided
  const isDone = decided === suspects.length
  by('done').textContent = isDone
    ? `All are decided. Use it: onionskin train ${listed.source} --decisions ${listed.file}`
    : ''
  button('undo').disabled = past.length === 0
  const suspect = suspects[at]
  const made = suspect && madeOf(suspect)
  for (const id of ['accept', 'drop', 'before', 'after', 'open']) button(id).disabled = !suspect
  button('relabel').disabled = !suspect?.suggested
  if (!suspect) {
    by('question').textContent = 'Nothing looks wrong.'
    by('other').hidden = true
    return
  }
  button('before').disabled = at === 0
  button('after').disabled = at === suspects.length - 1
  button('open').disabled = isDone
  by('question').textContent = question(suspect)
  by('why').textContent = why(suspect)
  by('state').textContent = words(made)
  const suggestion = button('relabel').querySelector('span')
  if (suggestion) suggestion.textContent = suspect.suggested ? `it is “${suspect.suggested}”` : 'relabel'
  button('accept').setAttribute('aria-pressed', String(made?.decision === 'accept'))
  button('drop').setAttribute('aria-pressed', String(made?.decision === 'drop'))
  const isSuggested = made?.decision === 'relabel' && made.label === suspect.suggested
  button('relabel').setAttribute('aria-pressed', String(isSuggested))
  by('other').hidden = listed.classes.length === 0
  labels.value = made?.decision === 'relabel' ? made.label : ''
  document.body.dataset['at'] = String(at)
  const [own, other] = await Promise.all([
    example(suspect.row),
    suspect.other_row >= 0 ? example(suspect.other_row) : null,
  ])
  if (listed.suspects[at] !== suspect) return // it was left meanwhile
  by('example').replaceChildren(figure(own, own.where), ...(other ? [figure(other, other.where)] : []))
  document.body.dataset['shown'] = String(at)
  for (const next of suspects.slice(at + 1, at + 4)) void example(next.row).catch(() => undefined)
}

function complain(/** @type {unknown} */ error) {
  by('trouble').textContent = error instanceof Error ? error.message : String(error)
}

/** @param {number} place */
function go(place) {
  at = Math.min(listed.suspects.length - 1, Math.max(0, place))
  by('trouble').textContent = ''
  show().catch(complain)
}

/** The next one that is not decided, from here on and then from the beginning. */
function goOpen() {
  const { suspects } = listed
  const order = [...suspects.keys()].map((i) => (at + 1 + i) % suspects.length)
  const next = order.find((i) => {
    const suspect = suspects[i]
    return suspect && !madeOf(suspect)
  })
  go(next ?? at)
}

/** @param {number} place @param {string} decision @param {string} [label] */
async function decide(place, decision, label = '') {
  const suspect = listed.suspects[place]
  if (!suspect || isBusy) return
  isBusy = true
  try {
    const { made } = await ask('decisions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ row: suspect.row, decision, label }),
    })
    if (made) {
      listed.made[suspect.where] = made
      past.push(place)
      goOpen()
    } else {
      delete listed.made[suspect.where]
      go(place)
    }
  } catch (error) {
    complain(error)
  } finally {
    isBusy = false
  }
}

function undo() {
  if (isBusy) return
  const place = past.pop()
  if (place !== undefined) void decide(place, 'undo')
}

/** What keys and buttons do. @type {Record<string, () => void>} */
const ACTIONS = {
  accept: () => void decide(at, 'accept'),
  relabel: () => {
    const suggested = listed.suspects[at]?.suggested
    if (suggested) void decide(at, 'relabel', suggested)
  },
  drop: () => void decide(at, 'drop'),
  undo,
  before: () => go(at - 1),
  after: () => go(at + 1),
  open: goOpen,
}
/** @type {Record<string, string>} */
const KEYS = {
  ...{ a: 'accept', r: 'relabel', d: 'drop', u: 'undo', n: 'open', ArrowLeft: 'before', ArrowRight: 'after' },
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !listed) return
  if (event.target === labels) {
    if (event.key === 'Enter' && labels.value) void decide(at, 'relabel', labels.value)
    if (event.key === 'Enter' || event.key === 'Escape') labels.blur()
    if (event.key === 'Enter') event.preventDefault()
    return
  }
  if (event.key === 'l' && listed.classes.length) {
    labels.focus()
    event.preventDefault()
    return
  }
  const action = Object.hasOwn(KEYS, event.key) ? ACTIONS[KEYS[event.key] ?? ''] : undefined
  if (!action) return
  event.preventDefault()
  if (!event.repeat || event.key.startsWith('Arrow')) action()
})
for (const [id, action] of Object.entries(ACTIONS)) button(id).onclick = action
/** By mouse a choice decides; by key one walks through them first, and Enter does. */
labels.onchange = () => {
  if (labels.value && !labels.matches(':focus-visible')) void decide(at, 'relabel', labels.value)
}

ask('suspects.json')
  .then((/** @type {Listed} */ content) => {
    listed = content
    by('what').textContent = `${content.source}: ${content.what}`
    by('file').textContent = content.file
    labels.append(new Option('choose …', ''), ...content.classes.map((name) => new Option(name, name)))
    at = -1
    if (content.suspects.length) goOpen()
    if (at < 0) go(0)
  })
  .catch(complain)

/** The page that predicts: one file with a model in it (`onionskin deploy`). */
import { answer } from './answer'
import { make } from './element'
import { formAsker } from './form'
import { Model, type Given } from './model'
import { photoAsker } from './photo'
import './style.css'
import { textAsker } from './text'
import { told, type Told } from './told'

function begin(page: HTMLElement): void {
  const about = told()
  const said = make('section', { class: 'answer', 'aria-live': 'polite', 'aria-label': 'Answer' })
  const state = make('p', { class: 'note', role: 'status' }, 'The model is being opened …')
  let opened: Promise<Model> | null = null

  const ask = async (given: Given): Promise<void> => {
    try {
      opened ??= Model.open()
      const model = await opened
      const began = performance.now()
      const values = await model.ask(given)
      said.replaceChildren(...answer(about.goal, values))
      said.dataset['values'] = JSON.stringify([...values])
      state.textContent = `Answered in ${Math.max(1, Math.round(performance.now() - began))} ms, in this browser.`
    } catch (error) {
      state.textContent = `The model cannot be run here: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  page.append(
    make('h1', {}, document.title),
    make('section', { 'aria-label': 'Question' }, asker(about, ask)),
    said,
    state,
    make('footer', {}, make('p', {}, words(about))),
  )
  opened = Model.open()
  opened.then(
    () => {
      if (!said.hasChildNodes()) state.textContent = 'Ready.'
      page.dataset['state'] = 'ready'
    },
    (error: unknown) => {
      state.textContent = `The model cannot be run here: ${error instanceof Error ? error.message : String(error)}`
    },
  )
}

function asker(about: Told, ask: (given: Given) => Promise<void>): HTMLElement {
  if (about.page.kind === 'form') return formAsker(about.page, ask)
  if (about.page.kind === 'text') return textAsker(about.page, ask)
  return photoAsker(about.page, about.inputs[0]?.name ?? '', ask)
}

function words({ measured, made_with }: Told): string {
  const how = measured ? `Measured: ${measured}. ` : ''
  return `${how}Whatever you give it stays on this machine: the model is in this file and asks no network. It answers with the confidence that it has, also where it knows nothing of what it is shown. Made with ${made_with}.`
}

const page = document.getElementById('page')
if (page) begin(page)

/** The page, in whatever it stands in. */
import { mount } from 'svelte'
import App from './App.svelte'
import type { Host } from './host'
import './style.css'

export function mountPage(target: HTMLElement, host: Host): void {
  target.replaceChildren() // what stood there says that the page has not come
  mount(App, { target, props: { host } })
}

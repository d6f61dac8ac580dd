/**
 * The widget in a notebook (https://anywidget.dev): puts the page into a frame and carries messages between it and
 * the kernel. The frame is sandboxed: a run from a stranger reaches nothing of the notebook.
 */
import { MOST_KEPT, type Bytes, type Said } from '../page/shells/kernel'
import { ByteCache } from '../run/cache'
import type { Welcome } from '../page/shells/notebook'

/** What anywidget hands over of the kernel's side (`onionskin/view/notebook.py`). */
interface Model {
  get(name: 'page' | 'name' | 'hash'): string
  get(name: 'height'): number
  set(name: 'hash', value: string): void
  save_changes(): void
  send(content: unknown): void
  on(event: 'msg:custom', hear: (content: FromKernel, buffers: readonly DataView[]) => void): void
  off(event: 'msg:custom', hear: (content: FromKernel, buffers: readonly DataView[]) => void): void
}

type FromKernel =
  | { readonly kind: 'answer'; readonly id: number; readonly isThere: boolean }
  | Extract<Said, { kind: 'refused' | 'listed' | 'grown' }>
  | { readonly kind: 'files'; readonly names: readonly string[] }

type FromPage =
  | { readonly kind: 'read'; readonly id: number; readonly path: string }
  | { readonly kind: 'hash'; readonly hash: string }

/** What the kernel has sent by itself, also before an output was there or had come back: each begins with it. */
class Sent {
  private readonly files = new ByteCache<Bytes>(MOST_KEPT)
  private names: readonly string[] | null = null

  hear(content: FromKernel, buffers: readonly DataView[]): void {
    if (content.kind === 'listed') {
      this.names = content.names
      if (!content.names) this.files.deleteAll('')
    } else if (content.kind === 'files') {
      for (const [i, name] of content.names.entries()) {
        const buffer = buffers[i]
        if (buffer) this.files.set(name, copy(buffer), buffer.byteLength)
      }
    }
  }

  tell(port: MessagePort): void {
    if (!this.names) return
    for (const name of this.names) {
      const bytes = this.files.get(name)
      if (bytes) say(port, { kind: 'files', names: [name], files: [bytes] })
    }
    say(port, { kind: 'listed', names: this.names })
  }
}

interface Given {
  readonly model: Model
  readonly el: HTMLElement
}

function render({ model, el }: Given, sent: Sent): () => void {
  // Several outputs may show one widget: each asks with numbers of its own, and answers to others pass it by.
  const ours = new Map<number, number>()
  const frame = document.createElement('iframe')
  frame.title = `Onionskin: ${model.get('name')}`
  frame.sandbox.add('allow-scripts')
  frame.style.cssText = `display: block; width: 100%; height: ${model.get('height')}px; border: 0`
  const { port1: port, port2 } = new MessageChannel()

  port.onmessage = ({ data }: MessageEvent<FromPage>) => {
    if (data.kind === 'hash') {
      model.set('hash', data.hash)
      model.save_changes()
    } else {
      const id = Math.floor(Math.random() * 2 ** 52)
      ours.set(id, data.id)
      model.send({ kind: 'read', id, path: data.path })
    }
  }
  const hear = (content: FromKernel, buffers: readonly DataView[]): void => {
    if (content.kind === 'answer' || content.kind === 'refused') {
      const id = ours.get(content.id)
      if (id === undefined) return
      ours.delete(content.id)
      const [bytes] = buffers
      say(port, content.kind === 'refused' ? { ...content, id } : { kind: 'answer', id, bytes: content.isThere && bytes ? copy(bytes) : null }) // prettier-ignore
    } else if (content.kind === 'files') {
      say(port, { kind: 'files', names: content.names, files: buffers.map(copy) })
    } else say(port, content)
  }
  model.on('msg:custom', hear)

  frame.addEventListener('load', () => {
    const welcome: Welcome = {
      onionskin: 'welcome',
      name: model.get('name'),
      hash: model.get('hash'),
      isDark: isDark(),
    }
    frame.contentWindow?.postMessage(welcome, '*', [port2])
    sent.tell(port)
  }, { once: true }) // prettier-ignore
  frame.srcdoc = model.get('page')
  el.append(frame)

  const stopWatching = watchTheme(() => {
    say(port, { kind: 'theme', isDark: isDark() })
  })
  return () => {
    stopWatching()
    model.off('msg:custom', hear)
    port.close()
    frame.remove()
  }
}

function say(port: MessagePort, said: Said): void {
  port.postMessage(said)
}

function copy(view: DataView): Bytes {
  return new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}

/** Jupyter, VS Code and marimo each say it in their own way. */
function isDark(): boolean {
  const { body, documentElement } = document
  const jupyter = body.dataset['jpThemeLight']
  if (jupyter) return jupyter === 'false'
  const said = `${body.className} ${documentElement.className} ${body.dataset['vscodeThemeKind'] ?? ''}`
  if (/\b(vscode-)?(dark|high-contrast)(-theme)?\b/.test(said) && !/high-contrast-light/.test(said))
    return true
  if (/\b(vscode-)?light(-theme)?\b/.test(said)) return false
  return window.matchMedia('(prefers-color-scheme: dark)').matches
}

function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  const attributes = {
    attributeFilter: ['class', 'data-jp-theme-light', 'data-vscode-theme-kind', 'data-theme'],
  }
  observer.observe(document.body, attributes)
  observer.observe(document.documentElement, attributes)
  const system = window.matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', changed)
  return () => {
    observer.disconnect()
    system.removeEventListener('change', changed)
  }
}

/** Called once for each widget. */
export default function widget() {
  const sent = new Sent()
  return {
    initialize({ model }: Pick<Given, 'model'>): void {
      model.on('msg:custom', (content, buffers) => {
        sent.hear(content, buffers)
      })
    },
    render: (given: Given): (() => void) => render(given, sent),
  }
}

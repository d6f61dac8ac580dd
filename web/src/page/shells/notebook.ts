/**
 * The page within a notebook's output: a frame of its own, so that neither styles nor keys nor addresses of the two
 * mix. All that it hears and asks goes through one port, which the frame around it hands over once.
 */
import { OwnPlace, type Host } from '../host'
import { KernelStore, type Said } from './kernel'

/** What the port comes with. */
export interface Welcome {
  readonly onionskin: 'welcome'
  readonly name: string
  readonly hash: string
  readonly isDark: boolean
}

/** An answer that takes longer than this (ms) is waited for visibly. */
const PATIENCE = 1500

export function inNotebook(): Promise<Host> {
  return new Promise((resolve) => {
    window.addEventListener('message', function hear(event: MessageEvent<unknown>) {
      const [port] = event.ports
      if (event.source !== window.parent || !port || !isWelcome(event.data)) return
      window.removeEventListener('message', hear)
      resolve(hostOf(event.data, port))
    })
  })
}

function isWelcome(content: unknown): content is Welcome {
  return (
    typeof content === 'object' &&
    content !== null &&
    'onionskin' in content &&
    content.onionskin === 'welcome'
  )
}

function hostOf(welcome: Welcome, port: MessagePort): Host {
  const store = new KernelStore((id, path) => {
    port.postMessage({ kind: 'read', id, path })
  }, showWaiting())
  const watchers = new Set<() => void>()
  let { isDark } = welcome
  port.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.kind === 'theme') {
      isDark = data.isDark
      for (const changed of watchers) changed()
    } else store.hear(data)
  }
  return {
    runs: () => Promise.resolve([{ path: 'run', name: welcome.name, store, teller: store.teller }]),
    place: new OwnPlace(welcome.hash, (hash) => {
      port.postMessage({ kind: 'hash', hash })
    }),
    surroundings: {
      get isDark() {
        return isDark
      },
      watch(changed) {
        watchers.add(changed)
        return () => watchers.delete(changed)
      },
    },
  }
}

/** Says below everything that the kernel lets itself be waited for. */
function showWaiting(): (count: number) => void {
  const line = document.createElement('p')
  line.className = 'waiting'
  line.setAttribute('role', 'status')
  line.hidden = true
  line.textContent = 'The notebook’s kernel is busy. What is missing here comes when its cell has ended.'
  document.body.append(line)
  let timer: ReturnType<typeof setTimeout> | undefined
  return (count) => {
    clearTimeout(timer)
    if (!count) line.hidden = true
    else timer = setTimeout(() => (line.hidden = false), PATIENCE)
  }
}

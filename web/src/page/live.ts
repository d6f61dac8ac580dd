/** Follows a run while it grows: by the server's events where it sends them, else by looking every other second. */
import { RunError } from '../run/errors'
import { Fields } from '../run/fields'
import { unexpected } from './clock.svelte'

/** What is followed: it reads again what is new. The server's word, where there is one, says whether it grows. */
export interface Followed {
  readonly eventsAddress: string
  refresh(isGrowing: boolean | null): Promise<void>
  isEnded(): boolean
  fail(error: RunError | null): void
  /** Whether the server answers no more. */
  lose(isLost: boolean): void
}

/** At most so often a growing run is read again (ms): a person sees no more, and the training keeps the machine. */
const REST = 250
/** How often a run is looked at whose host sends no events (ms). */
const LOOK = 2000

/** Follow a run until it ends or the returned function is called. */
export function follow(followed: Followed): () => void {
  let isStopped = false
  let isBusy = false
  let isWaiting = false
  let says: boolean | null = null

  /** Events that come while one is taken in are taken in together. */
  const refresh = async (): Promise<void> => {
    isWaiting = true
    if (isBusy) return
    isBusy = true
    while (isWaiting && !isStopped) {
      isWaiting = false
      try {
        await followed.refresh(says)
        followed.fail(null)
      } catch (error) {
        followed.fail(error instanceof RunError ? error : unexpected(error))
      }
      await rest(REST)
    }
    isBusy = false
  }

  const source = new EventSource(followed.eventsAddress)
  source.addEventListener('grown', (event: MessageEvent<string>) => {
    try {
      says = new Fields(JSON.parse(event.data), 'the event').flag('growing')
    } catch {
      says = null // a server that says something else: the clock tells
    }
    followed.lose(false)
    void refresh()
  })
  source.addEventListener('ended', () => {
    source.close()
    says = false
    void refresh()
  })
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) {
      void look()
    } else {
      followed.lose(true)
      followed.fail(
        new RunError(
          'the server that shows this run stopped answering',
          'what was read so far stays here; start it again (onionskin view RUN) and the page goes on by itself',
        ),
      )
    }
  })

  /** Without events (a static host), look again and again. */
  const look = async (): Promise<void> => {
    says = null
    while (!isStopped && !followed.isEnded()) {
      await refresh()
      await rest(LOOK)
    }
  }

  return () => {
    isStopped = true
    source.close()
  }
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Follows a run while it grows: by the server's events where it sends them, else by looking every other second. */
import { RunError } from '../run/errors'
import { Fields } from '../run/fields'
import { unexpected } from './clock.svelte'

/** Tells of growth until the function that it returns is called. */
export type Teller = (hearer: Hearer) => () => void

export interface Hearer {
  /** The run has grown; whether it still does is said where it is known. */
  grown(isGrowing: boolean | null): void
  ended(): void
  /** Nobody tells: the run has to be looked at again and again. */
  silent(): void
  lost(error: RunError): void
}

/** What is followed: it reads again what is new. The server's word, where there is one, says whether it grows. */
export interface Followed {
  readonly teller: Teller
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

  /** Without events, look again and again. */
  const look = async (): Promise<void> => {
    says = null
    while (!isStopped && !followed.isEnded()) {
      await refresh()
      await rest(LOOK)
    }
  }

  const stopTelling = followed.teller({
    grown: (isGrowing) => {
      says = isGrowing
      followed.lose(false)
      void refresh()
    },
    ended: () => {
      says = false
      void refresh()
    },
    silent: () => void look(),
    lost: (error) => {
      followed.lose(true)
      followed.fail(error)
    },
  })

  return () => {
    isStopped = true
    stopTelling()
  }
}

/** The events that a server sends when a run has grown. */
export function serverEvents(address: string): Teller {
  return (hearer) => {
    const source = new EventSource(address)
    source.addEventListener('grown', (event: MessageEvent<string>) => {
      let isGrowing: boolean | null = null // of a server that says something else: the clock tells
      try {
        isGrowing = new Fields(JSON.parse(event.data), 'the event').flag('growing')
      } catch {
        // It says something else.
      }
      hearer.grown(isGrowing)
    })
    source.addEventListener('ended', () => {
      source.close()
      hearer.ended()
    })
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) hearer.silent()
      else
        hearer.lost(
          new RunError(
            'the server that shows this run stopped answering',
            'what was read so far stays here; start it again (onionskin view RUN) and the page goes on by itself',
          ),
        )
    })
    return () => {
      source.close()
    }
  }
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

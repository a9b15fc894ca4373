import type { Interrupts } from '../../model/ports.ts';

/** The signals that begin no further host and let the hosts at work end. */
const GENTLE: readonly string[] = ['SIGINT', 'SIGHUP'];

/** Passes interrupts on to the hosts at work. */
export interface Brakes {
  /** Why no further host is begun; null: go on. */
  readonly stopping: () => string | null;
  /** Aborted when no further host is to be begun: wakes a pause. */
  readonly signal: AbortSignal;
  /** Aborted when those at work are to stop too: hosts that are only looked at. */
  readonly hard: AbortSignal;
  /** No further host is begun: the remedy itself has failed. */
  failed(why: string): void;
  readonly failing: () => string | null;
  /** The interrupts of a host's run, for as long as it is at work. */
  during<T>(interrupts: Interrupts, work: () => Promise<T>): Promise<T>;
  release(): void;
}

/**
 * The first Ctrl-C begins no further host. The second stops the hosts at work at their next safe points. A hang-up
 * counts as a first Ctrl-C. SIGTERM and the kill switch do both at once, because KILL may follow soon. The caller
 * handles a third Ctrl-C.
 */
export function brakesFor(interrupts: Interrupts): Brakes {
  const soft = new AbortController();
  const hard = new AbortController();
  const atWork = new Set<Interrupts>();
  let watching = true;
  let failing: string | null = null;

  function stop(why: string): void {
    if (!soft.signal.aborted) soft.abort(why);
  }

  function stopNow(why: string): void {
    stop(why);
    if (!hard.signal.aborted) hard.abort(why);
    for (const each of atWork) each.raise(why);
  }

  function heard(signal: AbortSignal): void {
    if (!watching) return;
    const reason = String(signal.reason);
    const again = interrupts.pressed >= 2;
    // Listens again, so that the second press is heard too.
    interrupts.rearm();
    listen();
    if (GENTLE.includes(reason) && !again) stop(reason);
    else stopNow(reason);
  }

  function listen(): void {
    const { signal } = interrupts;
    if (signal.aborted) heard(signal);
    else signal.addEventListener('abort', () => heard(signal), { once: true });
  }

  listen();
  return {
    stopping: () => (soft.signal.aborted ? String(soft.signal.reason) : null),
    signal: soft.signal,
    hard: hard.signal,
    failed: (why) => {
      failing ??= why;
    },
    failing: () => failing,
    during: async (each, work) => {
      if (hard.signal.aborted) each.raise(String(hard.signal.reason));
      atWork.add(each);
      try {
        return await work();
      } finally {
        atWork.delete(each);
      }
    },
    release: () => {
      watching = false;
    },
  };
}

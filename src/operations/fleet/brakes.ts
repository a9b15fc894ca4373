import type { Interrupts } from '../../model/ports.ts';

/** What a first press means: begin no further host, and let those at work come to their end. */
const GENTLE: readonly string[] = ['SIGINT', 'SIGHUP'];

/** Between Ctrl-C and the hosts at work. */
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
 * Ctrl-C once: no further host is begun. Twice: those at work reach their next safe point and stop there. A hang-up is
 * a first press. SIGTERM is both at once, since who sends it kills soon, and so is the kill switch. The third press is
 * not for us: whoever started this ends it.
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
    // Rearmed, so that the second press is heard as well as the first.
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

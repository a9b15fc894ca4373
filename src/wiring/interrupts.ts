import type { Interrupts } from '../model/ports.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals that a person or a supervisor sends again when the run takes too long. */
const PRESSED: readonly string[] = ['SIGINT', 'SIGTERM'];

/** One Ctrl-C may come twice: from the terminal to all of its processes, and passed on by the drill. Milliseconds. */
const ONE_PRESS = 150;

/** `listen` is process.on, given from cli.ts. */
export function processInterrupts(
  listen: (signal: (typeof SIGNALS)[number], listener: () => void) => void,
): Interrupts {
  const interrupts = manualInterrupts(() => performance.now());
  for (const signal of SIGNALS) listen(signal, () => interrupts.raise(signal));
  return interrupts;
}

/** Without a clock every raise counts. */
export function manualInterrupts(now?: () => number): Interrupts {
  let controller = new AbortController();
  const third = new AbortController();
  const ignored = new Set<string>();
  let pressed = 0;
  let last = Number.NEGATIVE_INFINITY;

  function press(): void {
    if (now !== undefined && now() - last < ONE_PRESS) return;
    last = now?.() ?? last;
    pressed += 1;
    if (pressed === 3) third.abort();
  }

  return {
    get signal() {
      return controller.signal;
    },
    get pressed() {
      return pressed;
    },
    third: third.signal,
    raise: (reason) => {
      if (ignored.has(reason)) return;
      if (PRESSED.includes(reason)) press();
      controller.abort(reason);
    },
    rearm: () => {
      controller = new AbortController();
    },
    reset: () => {
      pressed = 0;
      controller = new AbortController();
    },
    ignore: (reason) => {
      ignored.add(reason);
      if (controller.signal.reason === reason) controller = new AbortController();
    },
  };
}

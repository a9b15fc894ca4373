import type { Interrupts } from '../model/ports.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `listen` is process.on, given from cli.ts. Each signal asks for the next safe point; after `reset` the next one asks again. */
export function processInterrupts(listen: (signal: (typeof SIGNALS)[number], listener: () => void) => void): Interrupts {
  const interrupts = manualInterrupts();
  for (const signal of SIGNALS) listen(signal, () => interrupts.raise(signal));
  return interrupts;
}

export function manualInterrupts(): Interrupts {
  let controller = new AbortController();
  return {
    get signal() {
      return controller.signal;
    },
    raise: (reason) => controller.abort(reason),
    reset: () => {
      controller = new AbortController();
    },
  };
}

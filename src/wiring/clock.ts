import type { Clock } from '../model/verb.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((wake) => {
      if (signal?.aborted) return wake();
      const awake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', awake);
        wake();
      };
      const timer = setTimeout(awake, milliseconds);
      signal?.addEventListener('abort', awake);
    }),
};

import type { Clock } from '../../src/model/verb.ts';

/** Time goes to whoever sleeps the shortest, once nobody has anything left to do. */
export function eventClock(): Clock & { jump(milliseconds: number): void } {
  let now = 1_000_000;
  const sleepers = new Map<() => void, number>();
  const tick = () => {
    const [next] = [...sleepers].sort(([, one], [, other]) => one - other);
    if (!next) return;
    now = Math.max(now, next[1]);
    next[0]();
  };
  return {
    now: () => now,
    monotonic: () => now,
    jump: (milliseconds) => {
      now += milliseconds;
    },
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
          setImmediate(tick);
        };
        sleepers.set(wake, now + milliseconds);
        signal?.addEventListener('abort', wake);
        setImmediate(tick);
      }),
  };
}

import type { FakeWorld } from '../../src/hosts/fake/world.ts';
import { fakeHost } from '../../src/hosts/fake.ts';
import type { Act, Clock } from '../../src/model/verb.ts';
import { THREE_AM } from './hosts/fake-world.ts';

/** Time that passes only while somebody sleeps. */
export function fakeClock(world: FakeWorld, onSleep: () => void = () => {}): Clock {
  return {
    now: () => world.now,
    monotonic: () => world.now - THREE_AM,
    sleep: async (milliseconds, signal) => {
      if (signal?.aborted) return;
      world.now += milliseconds;
      onSleep();
    },
  };
}

export function actOn(world: FakeWorld, over: Partial<Act> = {}): Act {
  return {
    host: fakeHost(world),
    clock: fakeClock(world),
    signal: new AbortController().signal,
    progress: () => {},
    allowance: () => Number.POSITIVE_INFINITY,
    recall: async () => '',
    ...over,
  };
}

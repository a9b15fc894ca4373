import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import type { ServiceState } from '../../../src/model/host.ts';

/** 2026-11-23T03:00:00Z: when such things happen. */
export const THREE_AM = Date.UTC(2026, 10, 23, 3);

/** A host with nothing on it, to be furnished by the test. */
export function emptyWorld(over: Partial<FakeWorld> = {}): FakeWorld {
  return {
    log: [],
    processes: [],
    ignoresTerm: new Set(),
    files: new Map(),
    usage: {
      path: '/',
      mount: '/',
      source: '/dev/vda',
      type: 'ext4',
      space: { total: 1e9, free: 5e8 },
      inodes: { total: 1000, free: 500 },
    },
    services: new Map(),
    commands: () => undefined,
    facts: {
      hostname: 'fake',
      bootId: 'b',
      bootTime: THREE_AM - 3_600_000,
      uptime: 3_600_000,
      uid: 0,
      user: 'root',
      manager: 'sysv',
    },
    users: { 0: 'root' },
    now: THREE_AM,
    ...over,
  };
}

export function service(name: string, state: ServiceState['state'], more: Partial<ServiceState> = {}): ServiceState {
  const pid = state === 'running' ? 412 : null;
  return { name, exists: true, state, enabled: true, pid, since: THREE_AM - 60_000, manager: 'sysv', ...more };
}

export function worldWith(...services: readonly ServiceState[]): FakeWorld {
  return emptyWorld({ services: new Map(services.map((each) => [each.name, each])) });
}

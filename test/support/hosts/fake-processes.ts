import { fakeProcesses } from '../../../src/hosts/fake/processes.ts';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import type { Host, ProcessRecord } from '../../../src/model/host.ts';

/** A process as a test needs it; what is not given is of no matter. */
export function processRecord(
  given: Partial<ProcessRecord> & { readonly pid: number; readonly name: string },
): ProcessRecord {
  return {
    start: given.pid * 10,
    exe: `/usr/sbin/${given.name}`,
    ppid: 1,
    session: given.pid,
    args: [`/usr/sbin/${given.name}`],
    uid: 0,
    user: 'root',
    state: 'S',
    age: 8000,
    cgroup: null,
    ancestry: [],
    startedBy: null,
    ...given,
  };
}

/** The storm as it stands: cron(20) -> CRON -> sendmail -> postdrop, `times` over; pids 100, 101, 102, 103 ... */
export function mailStorm(times: number): readonly ProcessRecord[] {
  const cron = { pid: 20, name: 'cron' };
  const startedBy = { ...cron, by: 'ancestor' } as const;
  return Array.from({ length: times }, (_, n) => {
    const [child, mailer, dropper] = [100 + n * 3, 101 + n * 3, 102 + n * 3];
    const age = 60_000 * (times - n);
    const shared = { session: 20, startedBy, age };
    return [
      processRecord({
        ...shared,
        pid: child,
        ppid: 20,
        name: 'cron',
        args: ['/usr/sbin/CRON', '-f'],
        ancestry: [cron],
      }),
      processRecord({
        ...shared,
        pid: mailer,
        ppid: child,
        name: 'sendmail',
        ancestry: [{ pid: child, name: 'CRON' }, cron],
      }),
      processRecord({
        ...shared,
        pid: dropper,
        ppid: mailer,
        name: 'postdrop',
        ancestry: [{ pid: mailer, name: 'sendmail' }, { pid: child, name: 'CRON' }, cron],
      }),
    ];
  }).flat();
}

/** A host whose only port is its processes: a verb that asks for another one fails its test. */
export function processHost(world: FakeWorld): Host {
  return { name: 'fake', processes: fakeProcesses(world) } as Host;
}

/** A host in memory that has these processes and nothing else. */
export function processWorld(...processes: readonly ProcessRecord[]): FakeWorld {
  return {
    log: [],
    processes: [...processes],
    ignoresTerm: new Set(),
    files: new Map(),
    usage: {
      path: '/',
      mount: '/',
      source: '/dev/fake',
      type: 'ext4',
      space: { total: 1, free: 1 },
      inodes: { total: 1, free: 1 },
    },
    services: new Map(),
    commands: () => undefined,
    facts: { hostname: 'fake', bootId: 'b', bootTime: 0, uptime: 0, uid: 0, user: 'root', manager: 'sysv' },
    users: { 0: 'root' },
    now: 0,
  };
}

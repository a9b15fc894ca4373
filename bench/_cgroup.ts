import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Measures the processor time of a command and of everything that it starts, also of processes that it leaves behind,
 * such as ssh's masters.
 */
export interface Fence {
  /** Puts a command inside: words to set before its own. */
  readonly enter: readonly string[];
  /** Milliseconds of processor so far, of user and system. */
  used(): number;
  pids(): readonly number[];
  /** Ends what is left inside. */
  close(): Promise<void>;
}

export function fence(name: string): Fence {
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const folder = join(unified ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpuacct', `firebreak-bench-${process.pid}-${name}`);
  mkdirSync(folder);
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const pids = (): readonly number[] => read('cgroup.procs').split('\n').filter(Boolean).map(Number);
  return {
    enter: ['/bin/sh', '-c', `echo $$ >${folder}/cgroup.procs; exec "$@"`, 'fence'],
    used: () =>
      unified ? Number(/^usage_usec (\d+)/m.exec(read('cpu.stat'))?.[1]) / 1e3 : Number(read('cpuacct.usage')) / 1e6,
    pids,
    close: async () => {
      for (const pid of pids()) end(pid);
      for (let tries = 0; tries < 100 && pids().length > 0; tries += 1) await sleep(50);
      rmdirSync(folder);
    },
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

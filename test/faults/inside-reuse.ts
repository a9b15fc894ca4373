import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { localProcesses } from '../../src/hosts/local/processes.ts';
import type { Host } from '../../src/model/host.ts';
import type { Act } from '../../src/model/verb.ts';
import kill from '../../src/verbs/processes/kill.action.ts';

/**
 * PID 1 of a pid namespace: observes a kill, gives the target's pid to another process of the same program, then acts.
 */
const processes = localProcesses({ machine: { users: async () => ({ 0: 'root' }) } });
const act: Act = {
  host: { name: 'here', processes } as Host,
  clock: { now: Date.now, monotonic: () => performance.now(), sleep: async (ms) => await sleep(ms) },
  signal: new AbortController().signal,
  progress: () => {},
  allowance: () => Number.POSITIVE_INFINITY,
  recall: async () => '',
};
const arg = { processes: { args: { matches: ' 100$' } }, signal: 'KILL' };
const start = (seconds: number): ChildProcess => spawn('/bin/sleep', [String(seconds)], { stdio: 'ignore' });

async function end(child: ChildProcess): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}

/** Another sleep under the same pid: ns_last_pid says which one the kernel gives next (proc(5)). */
async function withPid(pid: number): Promise<ChildProcess | null> {
  for (let tries = 0; tries < 50; tries += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const other = start(101);
    await sleep(10);
    if (other.pid === pid) return other;
    await end(other);
  }
  return null;
}

let [reused, killed] = [0, 0];
for (let round = 0; round < 20; round += 1) {
  const target = start(100);
  await sleep(30);
  const observation = await kill.observe(act, arg);
  await end(target);
  const other = await withPid(target.pid ?? 0);
  if (other === null) continue;
  reused += 1;
  await kill.apply(act, arg, observation);
  await sleep(20);
  if (other.exitCode !== null || other.signalCode !== null) killed += 1;
  else await end(other);
}
console.log(JSON.stringify({ reused, killed }));

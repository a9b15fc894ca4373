import type { Processes, ProcessIdentity, ProcessRecord, ProcessSelector, SignalResult } from '../../model/host.ts';
import { matchesOf } from '../linux/matches.ts';
import { walk } from './walk.ts';
import type { FakeWorld } from './world.ts';

const ENDS = ['TERM', 'KILL', 'HUP', 'INT', 'USR1', 'USR2'];

/**
 * Processes of a `FakeWorld`: ended by what would end a program without handlers, unless the world says that it ignores
 * all but KILL.
 */
export function fakeProcesses(world: FakeWorld): Processes {
  return {
    list: async (selector) => {
      const real = new Map<string, string>();
      for (const path of selector.exe ?? []) {
        const led = walk(world, path, 'follow');
        if (!led.ok && led.code === 'ELOOP') return led;
        real.set(path, led.ok ? led.real : path);
      }
      const matches = matchesOf(selector, (path) => real.get(path) ?? path);
      const found = world.processes
        .map((each) => startedByOf(each, selector))
        .filter((each) => each !== null && matches.cheap(each) && matches.dear(each))
        .filter((each) => each !== null);
      const strangers = found.filter((each) => isStrangers(world, each, selector));
      const processes = found.filter((each) => !strangers.includes(each));
      return { ok: true, processes, unreadable: 0, ...(strangers.length > 0 && { strangers }) };
    },
    signal: async (targets, signal) =>
      targets
        .toSorted((a, b) => depthOf(world, b.pid) - depthOf(world, a.pid))
        .map((target) => signalOne(world, target, signal)),
    alive: async (targets) => targets.filter((target) => found(world, target) === 'same'),
    counters: async (pid) => {
      const process = world.processes.find((each) => each.pid === pid);
      return process ? { pid, start: process.start, minflt: 0, cminflt: 0, ...world.counters?.(pid) } : null;
    },
  };
}

/** The record as this selector sees it: `startedBy` is null unless it was asked for, as on a real host. */
function startedByOf(process: ProcessRecord, { started_by: names }: ProcessSelector): ProcessRecord | null {
  if (names === undefined) return { ...process, startedBy: null };
  if (process.startedBy && names.includes(process.startedBy.name)) return process;
  const ancestor = process.ancestry.findLast((each) => names.includes(each.name));
  return ancestor ? { ...process, startedBy: { ...ancestor, by: 'ancestor' } } : null;
}

/** As on a real host: a daemon is root's, the looker's, or of a user that the selector names. */
function isStrangers(world: FakeWorld, { startedBy }: ProcessRecord, { user = [] }: ProcessSelector): boolean {
  const daemon = startedBy && world.processes.find((each) => each.pid === startedBy.pid);
  if (!daemon || [0, world.facts.uid].includes(daemon.uid)) return false;
  return !user.includes(daemon.user) && !user.includes(String(daemon.uid));
}

function signalOne(world: FakeWorld, target: ProcessIdentity, signal: string): SignalResult {
  const process = world.processes.find((each) => each.pid === target.pid);
  const seen = found(world, target);
  if (target.pid <= 1) return { pid: target.pid, outcome: 'refused', reason: 'PID 1 is never signalled' };
  if (seen !== 'same') return { pid: target.pid, outcome: seen };
  if (process?.spared) return { pid: target.pid, outcome: 'refused', reason: process.spared };
  world.log.push(`signal ${signal} ${target.pid}`);
  if (signal === 'KILL' || (ENDS.includes(signal) && !world.ignoresTerm.has(target.pid))) end(world, target.pid);
  return { pid: target.pid, outcome: 'sent' };
}

function found(world: FakeWorld, target: ProcessIdentity): 'same' | 'gone' | 'other' {
  const process = world.processes.find((each) => each.pid === target.pid);
  if (!process || process.state === 'Z') return 'gone';
  const otherProgram = process.exe !== null && target.exe !== null && process.exe !== target.exe;
  return process.start !== target.start || otherProgram ? 'other' : 'same';
}

/**
 * A process in D state does not end before it leaves the kernel, whatever it is sent. Children go to PID 1, their
 * session stays.
 */
function end(world: FakeWorld, pid: number): void {
  if (world.processes.some((each) => each.pid === pid && each.state === 'D')) return;
  world.processes = world.processes
    .filter((each) => each.pid !== pid)
    .map((each) => (each.ppid === pid ? { ...each, ppid: 1, ancestry: [] } : each));
}

function depthOf(world: FakeWorld, pid: number): number {
  const process = world.processes.find((each) => each.pid === pid);
  return process && process.ppid > 0 ? 1 + depthOf(world, process.ppid) : 0;
}

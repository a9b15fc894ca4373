import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findRuns } from '../../../src/journal/find.ts';
import { readJournal } from '../../../src/journal/read.ts';
import type { RunEvent } from '../../../src/model/event.ts';
import { CHECKOUT } from './lab.ts';
import { inOwnPlaces } from './own-places.ts';

const uid = process.getuid?.() ?? 0;

/**
 * The real program on this machine, with a state folder, a lock, runbooks and a policy of its own: nothing but the
 * test's own things is touched.
 */
export interface Engine {
  readonly folder: string;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
  /** Of its run so far. */
  readonly events: () => readonly RunEvent[];
  /** Resolves once an event fits; rejects when it ends before. */
  readonly until: (fits: (event: RunEvent) => boolean) => Promise<void>;
  /** Kilobytes at the highest, as the kernel knows it (proc(5), VmHWM). */
  readonly peak: () => number;
}

const POLICY = `firebreak_policy: 1
allow:
  - id: the-faults
    runbook: faults
    declared_write: allow
    limits: {kill: 100, delete: 3000000, edit: 10, stopped_for: 15m}
    on_failure: undo
`;

/** `firebreak run` of a runbook's text, unattended; or another command on the same journals. */
export function startEngine(
  folder: string,
  runbook: string,
  more: {
    readonly stdout?: 'pipe' | number;
    readonly policy?: string;
    readonly argv?: readonly string[];
    /** What it is started by. */
    readonly under?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Engine {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [book, policy] = [join(folder, 'faults.yaml'), join(folder, 'policy.yaml')];
  writeFileSync(book, runbook, { mode: 0o600 });
  writeFileSync(policy, more.policy ?? POLICY, { mode: 0o600 });
  const state = join(folder, 'state');
  const command = [...(more.under ?? []), join(CHECKOUT, 'bin/firebreak'), ...(more.argv ?? ['run', book])];
  const own = inOwnPlaces(state, [...command, '--unattended', '--policy', policy], { lock: 'process' });
  const [program = '', ...args] = own.argv;
  const child = spawn(program, args, {
    env: { HOME: folder, PATH: process.env.PATH, ...own.env, ...more.env },
    cwd: '/',
    stdio: ['ignore', more.stdout ?? 'pipe', 'pipe'],
  });
  let text = '';
  let peak = 0;
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (data) => (text = (text + data).slice(-20_000)));
  const pid = child.pid ?? 0;
  const timer = setInterval(() => (peak = Math.max(peak, peakOf(pid))), 50);
  let over = false;
  const ended = once(child, 'exit').then(([code]) => {
    over = true;
    clearInterval(timer);
    return code as number | null;
  });
  const events = () => eventsOf(state);
  const until = async (fits: (event: RunEvent) => boolean): Promise<void> => {
    for (; !events().some(fits); await sleep(20)) if (over) throw new Error(`it ended before: ${text}`);
  };
  return { folder, child, pid, output: () => text, ended, events, until, peak: () => peak };
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function eventsOf(state: string): readonly RunEvent[] {
  const [run] = findRuns({ places: [{ path: state, home: true }], uid }).runs;
  if (run === undefined) return [];
  const read = readJournal(run.folder);
  return read.ok ? read.events : read.before;
}

/** Null where it took longer. */
export async function within<T>(milliseconds: number, what: Promise<T>): Promise<T | null> {
  const late = new AbortController();
  const result = await Promise.race([what, sleep(milliseconds, null, { signal: late.signal, ref: false })]);
  late.abort();
  return result;
}

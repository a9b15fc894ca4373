import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { inNamespaces } from '../../../src/hosts/rehearsal.ts';
import { LAB } from './lab.ts';

/** What a machine may lack for a fault to be injected. */
export type Means = 'root' | 'namespaces' | 'strace' | 'tmux' | 'lab' | 'freezer' | 'faketime';

/** One line of the table. `result` is `passed`, or the first thing that went wrong. */
export interface Row {
  readonly fault: string;
  readonly runs: number;
  readonly lost: number;
  readonly twice: number;
  readonly hung: number;
  readonly result: string;
}

/** How a row is told to whoever runs the suite: as a diagnostic of its test. */
export const ROW = 'fault-row ';

/**
 * What a fault did, one entry for each time. `wrong`: everything else that must not be (a wrong exit code, a
 * half-written file).
 */
export interface Tally {
  runs: number;
  readonly lost: string[];
  readonly twice: string[];
  readonly hung: string[];
  readonly wrong: string[];
  /** Says it beside "passed": how many points, which kind of machine. */
  note: string;
}

interface Fault {
  readonly needs: readonly Means[];
  /** Milliseconds. */
  readonly within: number;
}

/** A test that is a row of the fault table. It fails where anything was lost, done twice, hung or wrong. */
export function fault(
  name: string,
  { needs, within }: Fault,
  inject: (tally: Tally, context: TestContext) => Promise<void>,
): void {
  const lacking = needs.map(lack).find((reason) => reason !== null);
  test(name, { timeout: within, skip: lacking ?? false }, async (context) => {
    const tally: Tally = { runs: 0, lost: [], twice: [], hung: [], wrong: [], note: '' };
    let broke: unknown = null;
    await inject(tally, context).catch((error: unknown) => {
      broke = error;
    });
    context.diagnostic(ROW + JSON.stringify(rowOf(name, tally, broke)));
    if (broke !== null) throw broke;
    const { lost, twice, hung, wrong } = tally;
    const all = Object.entries({ lost, twice, hung, wrong }).flatMap(([kind, entries]) =>
      entries.map((entry) => `${kind} ${entry}`),
    );
    if (all.length > 0) assert.fail(`${all.length} times:\n${all.slice(0, 20).join('\n')}`);
    assert.ok(tally.runs > 0, 'the fault was injected at least once');
  });
}

function rowOf(name: string, { runs, lost, twice, hung, wrong, note }: Tally, broke: unknown): Row {
  const first = [...lost, ...twice, ...hung, ...wrong, ...(broke === null ? [] : [String(broke)])][0];
  const result =
    first === undefined ? `passed${note && `: ${note}`}` : `FAILED: ${first.split('\n')[0]?.slice(0, 160)}`;
  return { fault: name, runs, lost: lost.length, twice: twice.length, hung: hung.length, result };
}

/** Why a means is not here; null: it is. */
function lack(means: Means): string | null {
  switch (means) {
    case 'root':
      return process.getuid?.() === 0 ? null : 'needs root';
    case 'namespaces':
      return works([...inNamespaces(), 'mount', '-t', 'tmpfs', 'trial', '/mnt'])
        ? null
        : 'the machine gives no namespaces';
    case 'strace':
      return works(['strace', '-qq', '-o', '/dev/null', 'true']) ? null : 'strace is missing or may not trace';
    case 'tmux':
      return works(['tmux', '-V']) ? null : 'tmux is missing';
    case 'faketime':
      return globSync('/usr/lib/*/faketime/libfaketime.so.1').length > 0 ? null : 'faketime is missing';
    case 'lab':
      return LAB === undefined ? 'the lab is not here: set FIREBREAK_LAB' : lack('root');
    case 'freezer':
      return FREEZER.some(existsSync) ? lack('root') : 'no cgroup freezer is mounted';
  }
}

const FREEZER = ['/sys/fs/cgroup/freezer/tasks', '/sys/fs/cgroup/cgroup.controllers'];

function works([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** Works through `points` in a few lanes at a time. */
export async function inLanes<T>(
  points: readonly T[],
  lanes: number,
  each: (point: T) => Promise<void>,
): Promise<void> {
  const queue = [...points];
  const lane = async (): Promise<void> => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) await each(point);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

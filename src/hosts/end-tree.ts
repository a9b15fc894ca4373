import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { allPids, livesStill, type PidStat } from './linux/pid.ts';

/**
 * What a command's processes are known by: its own process, the session it leads, and a mark in the environment that a
 * double fork with setsid keeps.
 */
export interface Tree {
  readonly root: Pick<PidStat, 'pid' | 'start'>;
  /**
   * `NAME=value` as it stands in /proc/PID/environ; null: escaped descendants are daemons that were asked for, and
   * stay.
   */
  readonly mark: string | null;
}

const LOOK_EVERY = 50;

/** Trees that are in their time of grace now. */
const ending = new Set<Tree>();

/** The process is about to end, and with it whoever waits for the grace: KILL for all that is being ended. */
export function endNow(): void {
  for (const tree of ending) signalAll(membersOf(tree), 'SIGKILL');
}

/**
 * TERM to all, a grace, then KILL until none is left. Resolves with the pids that would not go (D state, another
 * user's).
 */
export async function endTree(
  tree: Tree,
  waits: { readonly grace: number; readonly patience: number },
): Promise<readonly number[]> {
  ending.add(tree);
  try {
    return await endSlowly(tree, waits);
  } finally {
    ending.delete(tree);
  }
}

async function endSlowly(
  tree: Tree,
  { grace, patience }: { readonly grace: number; readonly patience: number },
): Promise<readonly number[]> {
  const known = new Map<number, PidStat>();
  signalAll(remember(known, membersOf(tree)), 'SIGTERM');
  // A stopped process does not see TERM before it is continued.
  signalAll(living(known), 'SIGCONT');
  await gone(known, grace);
  const deadline = performance.now() + patience;
  let left = remember(known, membersOf(tree));
  while (left.length > 0 && performance.now() < deadline) {
    signalAll(left, 'SIGKILL');
    await sleep(LOOK_EVERY);
    left = remember(known, membersOf(tree));
  }
  return left.map(({ pid }) => pid);
}

function remember(known: Map<number, PidStat>, members: readonly PidStat[]): readonly PidStat[] {
  for (const member of members) known.set(member.pid, member);
  return living(known);
}

function living(known: ReadonlyMap<number, PidStat>): readonly PidStat[] {
  return [...known.values()].filter(livesStill);
}

async function gone(known: ReadonlyMap<number, PidStat>, within: number): Promise<void> {
  const deadline = performance.now() + within;
  while (living(known).length > 0 && performance.now() < deadline) await sleep(LOOK_EVERY);
}

/** A process that is older than the command cannot belong to it, even if its session has the same number. */
function membersOf({ root, mark }: Tree): readonly PidStat[] {
  const since = allPids().filter((stat) => stat.start >= root.start);
  const members = new Set<number>([root.pid]);
  const belongs = (stat: PidStat): boolean =>
    stat.session === root.pid || (mark !== null && (members.has(stat.ppid) || carries(stat.pid, mark)));
  let before = 0;
  while (members.size !== before) {
    before = members.size;
    for (const stat of since) if (!members.has(stat.pid) && belongs(stat)) members.add(stat.pid);
  }
  return since.filter((stat) => members.has(stat.pid) && (stat.pid !== root.pid || stat.start === root.start));
}

function carries(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${mark}\0`);
  } catch {
    return false;
  }
}

function signalAll(targets: readonly PidStat[], signal: NodeJS.Signals): void {
  for (const target of targets) {
    if (target.pid <= 1 || target.pid === process.pid || !livesStill(target)) continue;
    try {
      process.kill(target.pid, signal);
    } catch {
      // Gone meanwhile, or not ours to end: whoever is left is named at the end.
    }
  }
}

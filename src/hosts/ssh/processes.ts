import type { Machine, Processes, ProcessList, ProcessSelector } from '../../model/host.ts';
import { ownerIn, type ProcStat, type Seen } from '../linux/proc-text.ts';
import { type ProcessTable, selectProcesses } from '../linux/process-records.ts';
import { type DescribedProcess, VANISHED } from './proc-answer.ts';
import { type FarLook, type ProcQuestions, procQuestions } from './proc-look.ts';
import type { Remote } from './remote.ts';
import { farAlive, farCounters, farSignal } from './signal.ts';

interface World {
  readonly remote: Remote;
  readonly machine: Pick<Machine, 'users'>;
}

/**
 * The processes of a far host. Looking costs one round trip, and a second one where it could not be guessed of whom
 * more has to be known.
 */
export function sshProcesses({ remote, machine }: World): Processes {
  const questions = procQuestions(remote);
  return {
    list: (selector) => list(questions, machine, selector),
    signal: (targets, signal) => farSignal(remote, targets, signal),
    alive: (targets) => farAlive(remote, targets),
    counters: (pid) => farCounters(remote, pid),
  };
}

async function list(
  questions: ProcQuestions,
  machine: Pick<Machine, 'users'>,
  selector: ProcessSelector,
): Promise<ProcessList> {
  const users = await machine.users();
  const look = await questions.look(selector);
  if (!look.ok) return look;
  const described = new Map(look.described);
  const realPath = (path: string): string => look.real.get(path) ?? path;
  for (;;) {
    // The selection itself finds out which processes need a closer look. So far hosts use the same rules, and no
    // process is described in vain.
    const missed = new Map<number, ProcStat>();
    const found = await selectProcesses(tableOf(look, described, missed), { selector, users, realPath });
    if (!found.ok || missed.size === 0) return found;
    const more = await questions.describe([...missed.values()]);
    if (!more.ok) return more;
    for (const pid of missed.keys()) described.set(pid, more.described.get(pid) ?? VANISHED);
  }
}

function tableOf(
  look: FarLook,
  described: ReadonlyMap<number, DescribedProcess>,
  missed: Map<number, ProcStat>,
): ProcessTable {
  const of = (pid: number): DescribedProcess => {
    const known = described.get(pid);
    const stat = look.stats.get(pid);
    if (!known && stat) missed.set(pid, stat);
    return known ?? VANISHED;
  };
  const pathOf = (seen: Seen<string>) => (seen === undefined || seen === 'denied' ? null : seen);
  return {
    ...look,
    status: (pid) => of(pid).status,
    lineage: {
      stats: look.stats,
      exe: (pid) => pathOf(of(pid).exe),
      exeDenied: (pid) => of(pid).exe === 'denied',
      args: (pid) => listOf(of(pid).args),
      cgroup: (pid) => of(pid).cgroup,
      owner: (pid) => ownerIn(of(pid).status),
    },
  };
}

const listOf = (seen: Seen<readonly string[]>): readonly string[] =>
  seen === undefined || seen === 'denied' ? [] : seen;

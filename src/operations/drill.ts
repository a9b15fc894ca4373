import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Interrupts } from '../model/ports.ts';

/** A rehearsal of a runbook: `drill.sh` in `folder` builds the incident small and real, then runs the launcher's `run RUNBOOK` on it. */
export interface DrillRequest {
  readonly runbook: string;
  readonly folder: string;
  /** bin/firebreak: the run in the drill is a run like any other. */
  readonly launcher: string;
  /** Asks before each action; else the drill's own policy decides. */
  readonly attended: boolean;
  /** Do not try namespaces. */
  readonly plain: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface DrillParts {
  readonly say: (text: string) => void;
  readonly interrupts: Interrupts;
}

/** Resolves to the exit code of the run, once nothing of the drill is left. */
export async function drill(request: DrillRequest, { say, interrupts }: DrillParts): Promise<number> {
  const refusal = request.plain ? 'FIREBREAK_DRILL=plain' : whyNoNamespaces(request);
  say(refusal === null ? IN_NAMESPACES : inFolder(refusal));
  const child = start(request, refusal === null);
  const over = new AbortController();
  passOn(interrupts, child, over.signal);
  const code = await ending(child);
  over.abort();
  await cleanedUp(child);
  say(`over, and nothing of it is left; \`firebreak report\` tells what the run did`);
  return code;
}

const IN_NAMESPACES =
  'in namespaces of its own: processes, mounts and spool are seen by nobody else, and the kernel ends them with the drill';

const inFolder = (why: string): string =>
  `without namespaces (${why}): real processes under names that no service has, in a temporary folder of mode 0700. ` +
  'A folder has no inode limit of its own, so the spool counts as full at 1 700 files, and the inode thresholds are taken off';

/**
 * An ordinary user keeps the own uid (the journal is the user's own), with the capabilities to mount that a user namespace gives;
 * drill.sh drops them after the mounts. `--pdeathsig` and `--kill-child` chain the deaths: ours, unshare's, the namespace's PID 1.
 */
function namespaces(uid: number): readonly string[] {
  const user = uid === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
}

/** Null: everything that drill.sh will ask for was just granted. */
function whyNoNamespaces({ folder, env }: DrillRequest): string | null {
  const [program = '', ...args] = namespaces(ownUid());
  const trial = ['/bin/sh', '-c', 'PATH=$PATH:/usr/sbin:/sbin; mount -t tmpfs -o nr_inodes=10 trial "$1"', 'trial', join(folder, 'scene')];
  const tried = spawnSync(program, [...args, ...trial], { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', timeout: 10_000 });
  if (tried.status === 0) return null;
  return tried.error?.message ?? (tried.stderr.trim().split('\n')[0] || `unshare ended with ${tried.status ?? tried.signal}`);
}

function ownUid(): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

function start(request: DrillRequest, isolated: boolean): ChildProcess {
  const { folder, launcher, runbook, env } = request;
  const [program = '', ...args] = [...(isolated ? namespaces(ownUid()) : []), '/bin/sh', join(folder, 'drill.sh')];
  const run = [launcher, 'run', runbook, ...(request.attended ? [] : ['--unattended', '--policy', join(folder, 'policy.yaml')])];
  // Descriptor 3 is the plain drill's lifeline: its janitor reads there, and cleans up when our end is closed, by whatever death of ours.
  return spawn(program, [...args, isolated ? 'namespaces' : 'plain', folder, ...run], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
}

async function ending(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 130;
}

/** The janitor holds the other end of the lifeline until it is done. */
async function cleanedUp(child: ChildProcess): Promise<void> {
  const lifeline = child.stdio[3];
  if (lifeline === null || lifeline === undefined || lifeline.destroyed || !('end' in lifeline)) return;
  const closed = once(lifeline, 'close');
  lifeline.end();
  lifeline.resume();
  await closed;
}

/** A signal to us is meant for the run in the drill, which decides where it is safe to stop. While there is none yet, the drill just ends. */
function passOn(interrupts: Interrupts, child: ChildProcess, over: AbortSignal): void {
  const { signal } = interrupts;
  const heard = () => {
    const reason = String(signal.reason) as NodeJS.Signals;
    interrupts.reset();
    passOn(interrupts, child, over);
    const run = child.pid === undefined ? undefined : runBelow(child.pid);
    if (run === undefined) child.kill('SIGKILL');
    else signalProcess(run, reason);
  };
  signal.addEventListener('abort', heard, { once: true, signal: over });
}

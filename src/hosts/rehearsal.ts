import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';

/**
 * The processes of a drill, seen from outside: one child, and below it the incident and the run, perhaps in namespaces
 * of their own.
 */
export interface Rehearsal {
  /** The exit code, as a shell has it: 128 and the number of the signal that ended it or the run in it. */
  readonly ended: Promise<number>;
  /** To the run in the drill, which decides where it is safe to stop; while there is none yet, the drill just ends. */
  signal(name: string): void;
  /** Resolves once nothing is left. */
  cleanUp(): Promise<void>;
}

interface Request {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What starts a program in namespaces of its own that die with us. An ordinary user keeps the own uid (the journal is
 * the user's own) and gets the capabilities to mount that a user namespace gives. `--pdeathsig` and `--kill-child`
 * chain the deaths: ours, unshare's, the namespace's PID 1, and with that everything in it (unshare(1), setpriv(1),
 * pid_namespaces(7)).
 */
export function inNamespaces(): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  return [
    'setpriv',
    '--pdeathsig',
    'KILL',
    'unshare',
    ...user,
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
  ];
}

/** Runs it and says why it failed, in the program's own words; null: it went well. */
export function whyNot({ argv: [program = '', ...args], env }: Request): string | null {
  const tried = spawnSync(program, args, {
    env: withTools(env),
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  if (tried.status === 0) return null;
  if (tried.error !== undefined && 'code' in tried.error && tried.error.code === 'ENOENT')
    return `${program} is not installed`;
  return (
    tried.error?.message ??
    (tried.stderr.trim().split('\n')[0] || `${program} ended with ${tried.status ?? tried.signal}`)
  );
}

/** An empty PATH is none; an empty part of it would be the working directory. */
const withTools = (env: Request['env']): Request['env'] => ({
  ...env,
  PATH: [env.PATH, '/usr/sbin:/usr/bin:/sbin:/bin'].filter(Boolean).join(':'),
});

/**
 * The terminal is the child's as much as ours. Descriptor 3 is a lifeline: whoever holds its other end learns of our
 * death by its end of file.
 */
export function rehearse({ argv: [program = '', ...args], env }: Request): Rehearsal {
  const child = spawn(program, args, { env: withTools(env), stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  return {
    ended: once(child, 'exit').then(
      ([code, signal]) => (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
    ),
    signal: (name) => {
      const run = child.pid === undefined ? undefined : runBelow(child.pid);
      if (run === undefined) child.kill('SIGKILL');
      else process.kill(run, name);
    },
    cleanUp: () => closed(child.stdio[3]),
  };
}

/**
 * The run is the first process below that runs our own Node. Where the kernel does not list children there is none to
 * be found.
 */
function runBelow(pid: number): number | undefined {
  const children = childrenOf(pid);
  return children.find(runsNode) ?? children.map(runBelow).find((found) => found !== undefined);
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function runsNode(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === readlinkSync('/proc/self/exe');
  } catch {
    return false;
  }
}

/** The other end is held until the last one is done. */
async function closed(lifeline: ChildProcess['stdio'][3]): Promise<void> {
  if (!(lifeline instanceof Socket) || lifeline.destroyed) return;
  const over = once(lifeline, 'close');
  lifeline.end();
  lifeline.resume();
  await over;
}

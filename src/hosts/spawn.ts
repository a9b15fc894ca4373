import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandRequest, failure, type ProgramResult } from '../model/host.ts';
import { endTree } from './end-tree.ts';
import { CLOSE_WORDS, LIKE_INIT_WORDS } from './linux/like-init.ts';
import { readPid } from './linux/pid.ts';
import { type CommandOutput, fileOutput, pipeOutput } from './output.ts';

export const FIXED_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const GRACE = 2000;
const PATIENCE = 3000;
const MARK = 'FIREBREAK_COMMAND';

/** A shell goes first, that makes of itself what init would start. */
const LIKE_INIT = ['/bin/sh', '-c', `${LIKE_INIT_WORDS}\nlike_init; ${CLOSE_WORDS}; exec "$@"`, 'sh'];

type End =
  | { readonly kind: 'exit'; readonly exit: number | null; readonly signal: string | null }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };
type Cut = 'deadline' | 'interrupted';

/**
 * Runs one command to its end: own session, cleared environment, cwd /, stdin from /dev/null unless given. At the
 * deadline, or once `signal` is aborted, its whole tree gets TERM, then KILL. Failures: ENOENT, EACCES, EAGAIN and the
 * like (it never ran), `interrupted`, `unkillable`.
 */
export async function spawnCommand(request: CommandRequest, signal: AbortSignal): Promise<ProgramResult> {
  if (request.secrets !== undefined)
    return failure('secret', `${request.argv[0]} was not started: nobody opened its secrets`);
  // The import takes 90 ms, so it is done only when a command runs.
  const { execa } = await import('execa');
  if (signal.aborted) return failure('interrupted', `${request.argv[0]} was not started: interrupted`);
  const mark = randomUUID();
  const output = request.daemon ? fileOutput() : pipeOutput();
  const begun = performance.now();
  const { child, ended } = launch(execa, request, output, mark);
  // Read at once, while the child cannot have been reaped: its start time is what makes its pid its own.
  const start = child.pid === undefined ? undefined : readPid(child.pid)?.start;
  output.attach(child);
  const cut = await firstOf(ended, request.timeout, signal);
  let left: readonly number[] = [];
  if (cut !== null && child.pid !== undefined && start !== undefined) {
    left = await endTree(
      { root: { pid: child.pid, start }, mark: request.daemon ? null : `${MARK}=${mark}` },
      { grace: GRACE, patience: PATIENCE },
    );
  }
  const end = cut === null ? await ended : await Promise.race([ended, sleep(1000, null)]);
  const took = Math.round(performance.now() - begun);
  const { stdout, stderr } = await output.collect();
  if (end?.kind === 'error') return failure(end.code, `${request.argv[0]} could not be started: ${end.message}`);
  if (left.length > 0 || end === null)
    return failure('unkillable', `${request.argv[0]} did not end on KILL: pid ${left.join(', ') || child.pid}`);
  if (cut === 'interrupted')
    return failure('interrupted', `${request.argv[0]} was ended after ${took} ms: interrupted`);
  return { ok: true, exit: end.exit, signal: end.signal, timedOut: cut === 'deadline', stdout, stderr, took };
}

type Execa = typeof import('execa').execa;

function launch(
  execa: Execa,
  request: CommandRequest,
  output: CommandOutput,
  mark: string,
): { child: ChildProcess; ended: Promise<End> } {
  const [file = '', ...args] = request.daemon ? [...LIKE_INIT, ...request.argv] : request.argv;
  // uv_spawn forks before it returns, so the mask is the child's and nobody else's.
  const umask = process.umask(request.daemon ? 0o022 : 0o077);
  try {
    const subprocess = execa(file, args, {
      cwd: '/',
      env: { PATH: FIXED_PATH, ...request.env, ...(request.daemon ? {} : { [MARK]: mark }) },
      extendEnv: false,
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      forceKillAfterDelay: false,
      ...(request.stdin === undefined ? { stdin: 'ignore' as const } : { input: Buffer.from(request.stdin, 'base64') }),
      // execa's types stop at descriptor 2; a single number goes to spawn(2) as it is.
      stdout: output.stdout as 'pipe',
      stderr: output.stderr as 'pipe',
    });
    return { child: subprocess.nodeChildProcess, ended: endOf(subprocess.nodeChildProcess, subprocess) };
  } finally {
    process.umask(umask);
  }
}

/** The process's own end. Never `close`: a grandchild that holds the pipe would keep it from coming. */
function endOf(child: ChildProcess, result: PromiseLike<unknown>): Promise<End> {
  return new Promise((resolve) => {
    child.once('exit', (exit, signal) => resolve({ kind: 'exit', exit, signal }));
    child.once('error', (error) => resolve(spawnError(error)));
    // Where the child could not even be made, execa's result is the only one who tells.
    result.then((value) => {
      if (child.pid === undefined) resolve(spawnError(value));
    });
  });
}

function spawnError(error: unknown): End {
  const { code, originalMessage, message } = error as { code?: string; originalMessage?: string; message?: string };
  return { kind: 'error', code: code ?? 'spawn', message: originalMessage ?? message ?? 'spawn failed' };
}

/** Null: it ended by itself. */
function firstOf(ended: Promise<End>, timeout: number, signal: AbortSignal): Promise<Cut | null> {
  return new Promise((resolve) => {
    const aborted = (): void => settle('interrupted');
    const timer = setTimeout(() => settle('deadline'), Math.min(timeout, 2 ** 31 - 1));
    const settle = (cut: Cut | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      resolve(cut);
    };
    signal.addEventListener('abort', aborted, { once: true });
    ended.then(() => settle(null));
  });
}

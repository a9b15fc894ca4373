import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, type Result } from '../model/host.ts';
import { FIXED_PATH } from './spawn.ts';

const NAME = 'ansible-inventory';
const PATIENCE = 60_000;
/** All variables of all hosts are in it. */
const MOST = 32 << 20;
const MOST_SAID = 4000;

export interface Listing {
  /** Absolute. */
  readonly file: string;
  /** The user's own: a dynamic inventory asks a cloud, with the user's credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Where Ansible is looked for. */
  readonly programs?: string;
}

/** What `ansible-inventory --list` prints of a file that only Ansible can read, or is. Nothing but Ansible itself ever runs an inventory. */
export async function listInventory({
  file,
  env,
  signal,
  programs = `${env.PATH ?? ''}:${FIXED_PATH}`,
}: Listing): Promise<Result<{ readonly text: string }>> {
  const program = programIn(programs);
  if (program === null) {
    const instead = 'install Ansible, or write the hosts into a hosts.yaml (examples/hosts.yaml)';
    return failure('no-ansible', `${file} can only be read by ${NAME}, which is not installed here: ${instead}`);
  }
  // In its own group: what a dynamic inventory has started ends with it.
  const child = spawn(program, ['--list', '-i', file], { cwd: dirname(file), env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { promise, resolve } = Promise.withResolvers<Result<{ readonly text: string }>>();
  /** Only while it lives: later its number may be another's. */
  const cut = (result: Result<{ readonly text: string }>): void => {
    endGroup(child.pid);
    resolve(result);
  };
  const out: Buffer[] = [];
  let [size, said] = [0, ''];
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MOST) cut(failure('EFBIG', `${NAME} -i ${file} printed more than ${MOST >> 20} MiB`));
    else out.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-MOST_SAID);
  });
  child.on('error', (error: NodeJS.ErrnoException) =>
    resolve(failure(error.code ?? 'EIO', `${program} could not be started: ${error.code}`)),
  );
  child.on('close', (code, by) => {
    if (code === 0) resolve({ ok: true, text: Buffer.concat(out).toString('utf8') });
    else resolve(failure('exit', `${NAME} -i ${file} ended with ${code ?? by}${lastWords(said)}`));
  });
  // After `close`, when it has been waited for, nothing is cut any more: the timer and the signal are let go below.
  const timer = setTimeout(() => cut(failure('deadline', `${NAME} -i ${file} did not end within ${PATIENCE / 1000} s`)), PATIENCE);
  const interrupted = (): void => cut(failure('interrupted', `${NAME} was ended: interrupted`));
  signal.addEventListener('abort', interrupted, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupted);
  }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, with all that it had started.
  }
}

function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? '' : `: ${lines.slice(-3).join(' | ')}`;
}

function programIn(path: string): string | null {
  for (const folder of path.split(':')) {
    const program = join(folder, NAME);
    if (folder.startsWith('/') && isExecutable(program)) return program;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, type Result } from '../model/host.ts';
import { namesCode } from './ansible-code.ts';
import { FIXED_PATH } from './spawn.ts';

const NAME = 'ansible-inventory';
const PATIENCE = 60_000;
/** The output has all variables of all hosts. */
const MOST = 32 << 20;
const MOST_SAID = 4000;

interface Listing {
  /** Absolute. */
  readonly file: string;
  /** The user's own: a dynamic inventory asks a cloud, with the user's credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /**
   * Ansible's configuration. It can name plug-ins, which are code, so the caller has checked who could have written it.
   * Null: none is read.
   */
  readonly config: string | null;
  /** Where Ansible is looked for. */
  readonly programs?: string;
}

/**
 * What `ansible-inventory --list` prints of a file that only Ansible can read, or is. Nothing but Ansible itself ever
 * runs an inventory.
 */
export async function listInventory({
  file,
  env,
  signal,
  config,
  programs = `${env.PATH ?? ''}:${FIXED_PATH}`,
}: Listing): Promise<Result<{ readonly text: string }>> {
  const program = programIn(programs);
  if (program === null) {
    const instead = 'install Ansible, or write the hosts into a hosts.yaml (examples/hosts.yaml)';
    return failure('no-ansible', `${file} can only be read by ${NAME}, which is not installed here: ${instead}`);
  }
  // In its own group: what a dynamic inventory has started ends with it.
  const child = spawn(program, ['--list', '-i', file], {
    cwd: '/',
    env: environment(env, config),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
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
    const text = Buffer.concat(out).toString('utf8');
    const unread = code === 0 ? whyUnread(said, text) : null;
    if (unread !== null) resolve(failure('unread', `${NAME} cannot read ${file}: ${unread}${wayOut(unread)}`));
    else if (code === 0) resolve({ ok: true, text });
    else resolve(failure('exit', `${NAME} -i ${file} ended with ${code ?? by}${lastWords(said)}${wayOut(said)}`));
  });
  // After `close`, when it has been waited for, nothing is cut any more: the timer and the signal are let go below.
  const timer = setTimeout(
    () => cut(failure('deadline', `${NAME} -i ${file} did not end within ${PATIENCE / 1000} s`)),
    PATIENCE,
  );
  const interrupted = (): void => cut(failure('interrupted', `${NAME} was ended: interrupted`));
  signal.addEventListener('abort', interrupted, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupted);
  }
}

/** Ansible reads an ansible.cfg of the folder that it is started in: it is started in /, and told which to read. */
function environment(env: Listing['env'], config: string | null): Listing['env'] {
  const kept = Object.entries(env).filter(([name]) => !namesCode(name));
  // Without any it finds none: /dev/null is no configuration to it.
  return {
    ...Object.fromEntries(kept.filter(([name]) => name !== 'ANSIBLE_CONFIG')),
    ...(config !== null && { ANSIBLE_CONFIG: config }),
  };
}

/**
 * The places of Ansible's configuration, in Ansible's order. The working folder is left out, because it could be
 * anybody's.
 */
export function configPlaces(env: Listing['env']): readonly string[] {
  return [
    env.ANSIBLE_CONFIG,
    '/ansible.cfg',
    env.HOME === undefined ? undefined : join(env.HOME, '.ansible.cfg'),
    '/etc/ansible/ansible.cfg',
  ].filter((path) => path?.startsWith('/')) as readonly string[];
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, with all that it had started.
  }
}

/** What it cannot read is a warning to it, and an inventory without hosts. Null: it has read hosts. */
function whyUnread(said: string, text: string): string | null {
  if (/"hosts": \[\s*"/.test(text) || !/Unable to parse .* as an inventory/s.test(said)) return null;
  // Its warnings are broken into lines of 79 characters.
  const flat = said.replace(/\s+/g, ' ');
  const reasons = [...flat.matchAll(/Failed to parse \S+ with \S+ plugin: (.*?)(?= \[WARNING\]|$)/g)];
  return reasons.at(-1)?.[1] ?? 'it is in none of the forms that Ansible knows';
}

/** What to type where it says what is missing. */
function wayOut(said: string): string {
  if (/no vault secrets found/.test(said))
    return '; name the file of its password: ANSIBLE_VAULT_PASSWORD_FILE=/path, or leave out what is encrypted';
  return '';
}

function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? '' : `: ${lines.slice(-3).join(' | ')}`;
}

/** Where the program lies, if it is not where all programs are looked for; null: it is, or there is none. */
export function ownProgram(env: Listing['env']): string | null {
  const program = programIn(env.PATH ?? '');
  return program === null || FIXED_PATH.split(':').includes(dirname(program)) ? null : program;
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

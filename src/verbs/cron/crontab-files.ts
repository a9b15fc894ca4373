import {
  capturedText,
  type Failure,
  type FileContent,
  failure,
  type ProgramResult,
  type Result,
} from '../../model/host.ts';
import { isObject, type Json } from '../../model/json.ts';
import { base64Of, latin1Of } from '../../model/text/bytes.ts';
import type { Act } from '../../model/verb.ts';
import type { CrontabKind } from './crontab.ts';
import { withoutHeader } from './crontab.ts';

/** A crontab that is written, as data: in the targets, in the undo. */
export interface CrontabTarget {
  readonly path: string;
  readonly kind: CrontabKind;
  readonly owner: string;
  /** SHA-256 of the bytes that were seen. */
  readonly hash: string;
  /** True: crontab(1) would not install this crontab although cron reads it, so the file is replaced directly. */
  readonly how?: 'in-place';
}

export const BEFORE = 'before';
export const AFTER = 'after';

/** The name under which a crontab's bytes are kept for apply and undo. */
export function keptAs(when: typeof BEFORE | typeof AFTER, path: string): string {
  return `${when}:${path}`;
}

export function crontabTargets(value: Json | undefined): readonly CrontabTarget[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).flatMap(({ path, kind, owner, hash, how }) => {
    const known = kind === 'user' || kind === 'system' || kind === 'anacron';
    if (typeof path !== 'string' || typeof owner !== 'string' || typeof hash !== 'string' || !known) return [];
    return [{ path, kind, owner, hash, ...(how === 'in-place' && { how }) }];
  });
}

/** The content without the header that Debian's crontab writes anew at each install. Comparisons use this. */
export function bodyOf(base64: string): string {
  return withoutHeader(latin1Of(base64));
}

export async function readOne(act: Act, path: string): Promise<FileContent> {
  const [content] = await act.host.files.read([path]);
  return content ?? failure('ENOENT', 'no such file');
}

const INSTALL_TIMEOUT = 20_000;

/**
 * A user's crontab goes through `crontab -u USER -`: it checks, labels, sets owner and mode, and tells cron. It writes
 * a temporary file into the spool, so it needs a free inode. A system file is replaced where it lies; cron sees its new
 * time of change.
 */
export async function installCrontab(
  act: Act,
  target: CrontabTarget,
  bytes: string,
  command: string,
): Promise<Result<{ readonly hash: string }>> {
  const through = target.kind === 'user' && target.how !== 'in-place';
  const written = through
    ? await installUser(act, target, bytes, command)
    : await act.host.files.replace(target.path, { before: target.hash, bytes });
  if (!written.ok) return written;
  const told = target.how === 'in-place' ? await tellCron(act, target.path) : null;
  if (told !== null) return failure('different', told);
  const now = await readOne(act, target.path);
  if (!now.ok) return failure(now.code, `${target.path} was written and cannot be read back: ${now.message}`);
  if (bodyOf(now.bytes) === bodyOf(bytes)) return { ok: true, hash: now.hash };
  return failure('different', `${target.path} was written and does not hold what was given`);
}

/**
 * Debian's cron looks at users' crontabs only once their folder has changed, and an overwritten file does not change
 * it.
 */
async function tellCron(act: Act, path: string): Promise<string | null> {
  const argv = ['touch', '-c', '--', folderOf(path)];
  const result = await act.host.commands.run(
    { argv, effect: 'write', timeout: INSTALL_TIMEOUT, brief: true },
    new AbortController().signal,
  );
  return result.ok && result.exit === 0
    ? null
    : `${path} was written, and cron was not told: restart it, or ${argv.join(' ')}`;
}

export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

async function installUser(act: Act, target: CrontabTarget, bytes: string, command: string): Promise<Result<object>> {
  const argv = [command, '-u', target.owner, '-'];
  const request = {
    argv,
    effect: 'write',
    timeout: INSTALL_TIMEOUT,
    stdin: base64Of(bodyOf(bytes)),
    brief: true,
  } as const;
  // Not the signal of the run: an install that has begun must end. It is the safe point.
  const result = await act.host.commands.run(request, new AbortController().signal);
  return result.ok && result.exit === 0 && !result.timedOut ? { ok: true } : notInstalled(argv, result);
}

function notInstalled(argv: readonly string[], result: ProgramResult): Failure {
  const line = argv.join(' ');
  if (!result.ok) return failure(result.code, `${line}: ${result.message}`);
  const said = `${capturedText(result.stderr)}\n${capturedText(result.stdout)}`
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .join('; ');
  if (result.timedOut) return failure('ETIMEDOUT', `${line} did not end within ${INSTALL_TIMEOUT / 1000} s`);
  return failure(
    /No space left on device/.test(said) ? 'ENOSPC' : 'refused',
    `${line} ended with ${result.exit ?? result.signal}: ${said || 'it said nothing'}`,
  );
}

import { closeSync, constants, readFileSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CommandRequest, capturedText, failure, type ProgramResult, type Result } from '../model/host.ts';
import {
  parseSecretSource,
  type Redact,
  type SecretReference,
  type SecretSource,
  type Secrets,
} from '../model/secret.ts';
import { type KnownSecret, redactor, SHORTEST_SECRET } from '../model/text/redact.ts';
import { openRegular } from './local/read.ts';

/** The longest secret. Nothing longer is a password or a key, and every text is searched for it. */
const LONGEST_SECRET = 8 * 1024;
const PATIENCE = 30_000;
/** Characters that one may become: `\\u0041`. */
const WIDEST = 6;

/** Holds the values, in memory only. */
export interface Vault extends Secrets {
  /** What was learnt from that source; undefined: it was not. */
  reveal(from: string): string | undefined;
  /**
   * sudo's password, from where it is, or `typed`: it goes to one program's stdin and into no text, so it may be short.
   * One sentence where it cannot be had; null: it is known.
   */
  learnPassword(
    reference: SecretReference,
    how: { readonly signal: AbortSignal; readonly typed?: string },
  ): Promise<string | null>;
  /** How many characters of a text that was cut may belong to a secret that the cut went through. */
  margin(): number;
}

export interface VaultParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs what prints a secret. */
  readonly run: (request: CommandRequest, signal: AbortSignal) => Promise<ProgramResult>;
}

export function openVault({ env, run }: VaultParts): Vault {
  const values = new Map<string, string>();
  const known: KnownSecret[] = [];
  let redactNow: Redact = (value) => value;

  async function learnOne({ $secret: name, from }: SecretReference, signal: AbortSignal): Promise<string | null> {
    if (values.has(from)) return null;
    const source = parseSecretSource(from);
    const read = source
      ? await openSource(source, signal)
      : failure('secret', 'it is neither file:, env: nor command:');
    const wrong = read.ok ? whyUnfit(read.value) : read.message;
    if (!read.ok || wrong !== null) return `the secret ${name} cannot be had from ${from}: ${wrong}`;
    values.set(from, read.value);
    known.push({ name, value: read.value });
    redactNow = redactor(known);
    return null;
  }

  async function openSource(source: SecretSource, signal: AbortSignal): Promise<Result<{ readonly value: string }>> {
    switch (source.kind) {
      case 'file':
        return readSecretFile(source.path);
      case 'env': {
        const value = env[source.name];
        return value === undefined
          ? failure('ENOENT', 'there is no such variable in the environment')
          : { ok: true, value };
      }
      case 'command':
        return printed(await run({ argv: source.argv, effect: 'read', timeout: PATIENCE }, signal));
    }
  }

  return {
    reveal: (from) => values.get(from),
    margin: () => WIDEST * Math.max(0, ...known.map(({ value }) => value.length)),
    redact: (value) => redactNow(value),
    async learnPassword({ $secret: name, from }, { signal, typed }) {
      const source = parseSecretSource(from);
      const given = typed === undefined ? undefined : { ok: true as const, value: typed };
      const read =
        given ?? (source ? await openSource(source, signal) : failure('secret', 'it is neither file: nor env:'));
      if (!read.ok) return `${name} cannot be had from ${from}: ${read.message}`;
      if (!/^[^\0\r\n]{1,1024}$/.test(read.value))
        return `${name} cannot be had from ${from}: it is empty, too long, or more than a line`;
      values.set(from, read.value);
      if (whyUnfit(read.value) === null) known.push({ name, value: read.value });
      redactNow = redactor(known);
      return null;
    },
    async learn(references, signal) {
      for (const reference of references) {
        const wrong = await learnOne(reference, signal);
        if (wrong !== null) return wrong;
      }
      return null;
    },
  };
}

function whyUnfit(value: string): string | null {
  if (value.includes('\0')) return 'it holds a NUL byte';
  if (value.length > LONGEST_SECRET) return `it is longer than ${LONGEST_SECRET} characters`;
  // A secret that is too short would be found in every text, so it cannot be kept out.
  return value.trim().length < SHORTEST_SECRET
    ? `it is shorter than ${SHORTEST_SECRET} characters, too short to be kept out of texts`
    : null;
}

/**
 * Links are followed, as secrets are mounted into containers, but not a stranger's: he would choose which file of root's
 * a command is given. A home on a file server is read as everything else is that its owner types. The newline that
 * editors leave is no part of it.
 */
function readSecretFile(path: string): Result<{ readonly value: string }> {
  const opened = openRegular(resolve(path), constants.O_RDONLY, { patient: true, sticky: linksAreKept() });
  if (!opened.ok) return failure(opened.code, WHY[opened.code] ?? `it cannot be read: ${opened.code}`);
  try {
    const bytes = Buffer.alloc(4 * LONGEST_SECRET + 1);
    const length = readSync(opened.fd, bytes, 0, bytes.length, 0);
    return { ok: true, value: withoutNewline(bytes.toString('utf8', 0, length)) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    return failure(code, `it cannot be read: ${code}`);
  } finally {
    closeSync(opened.fd);
  }
}

const WHY: Readonly<Record<string, string>> = {
  'not-regular': 'it is no regular file',
  'hard-link': 'it has several names (hard links), in a folder where another user can have given it one',
  ELOOP: 'a symbolic link on the way to it was made by another user, or can be moved by one; name the file itself',
};

/** proc_sys_fs(5): whether a hard link of somebody else's file, or link, is refused by the kernel. */
function linksAreKept(): boolean {
  try {
    return readFileSync('/proc/sys/fs/protected_hardlinks', 'latin1').trim() === '1';
  } catch {
    return false;
  }
}

/** The output of the program is not shown: it may be the secret. */
function printed(result: ProgramResult): Result<{ readonly value: string }> {
  if (!result.ok) return result;
  if (result.timedOut) return failure('deadline', `it did not end within ${PATIENCE / 1000} s`);
  if (result.exit !== 0) return failure('exit', `it ended with ${result.exit ?? result.signal}`);
  return result.stdout.dropped > 0
    ? failure('EFBIG', 'it printed too much')
    : { ok: true, value: withoutNewline(capturedText(result.stdout)) };
}

const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '');

import { posix } from 'node:path';
import { saysNoFork } from '../../../model/host/no-fork.ts';
import { type Failure, failure } from '../../../model/host.ts';
import { quoteWord } from '../../../model/text/quote.ts';
import { borrowed, foreignLink, kernelLink, namedLink, oddPath } from '../../files/strangers.ts';
import { swapped } from '../../files/sweep.ts';
import { saidOf } from '../../linux/errno.ts';
import { hanging, unescaped } from '../../linux/mounts.ts';
import type { FarAnswer } from '../remote.ts';

/**
 * How strerror(3) words it in the C locale, and dash, which has words of its own. They stand at the end of a line: no
 * name can put them there but its own.
 */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/Permission denied$/, 'EACCES'],
  [/Operation not permitted$/, 'EPERM'],
  [/(No such file or directory|No such file|nonexistent)$/, 'ENOENT'],
  [/Not a directory$/, 'ENOTDIR'],
  [/Too many levels of symbolic links$/, 'ELOOP'],
  [/No space left on device$/, 'ENOSPC'],
  [/Disk quota exceeded$/, 'EDQUOT'],
  [/Read-only file system$/, 'EROFS'],
  [/Device or resource busy$/, 'EBUSY'],
  [/Is a directory$/, 'EISDIR'],
  [/File name too long$/, 'ENAMETOOLONG'],
  [/Text file busy$/, 'ETXTBSY'],
  [/Stale file handle$/, 'ESTALE'],
  [/Resource temporarily unavailable$/, 'EAGAIN'],
  [/(Cannot allocate memory|[Oo]ut of memory|memory exhausted)$/, 'ENOMEM'],
  [/Input\/output error$/, 'EIO'],
  [/not found$/, 'no-tool'],
];

export function codeOfLine(line: string): string | undefined {
  return WORDS.find(([words]) => words.test(line.trimEnd()))?.[1] ?? (saysNoFork(line) ? 'EAGAIN' : undefined);
}

/** Of what a tool said, the last line that names an error. */
export function codeOfText(text: string): string | undefined {
  return text
    .split('\n')
    .map(codeOfLine)
    .findLast((code) => code !== undefined);
}

/**
 * An absolute path as a word of a script, which is bytes. NUL: no file can have that name, and no shell can be given
 * it.
 */
export function pathWord(path: string): { readonly ok: true; readonly word: string } | Failure {
  const odd = oddPath(path);
  return odd ?? { ok: true, word: quoteWord(Buffer.from(path).toString('latin1')) };
}

export const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

const OWN_WORDS: Readonly<Record<string, (path: string) => Failure>> = {
  link: (path) => failure('ENOTDIR', `${path}: a symbolic link or not a directory; name the directory itself`),
  ELOOP: (path) => failure('ELOOP', `${path}: too many symbolic links`),
  'hard-link': borrowed,
  'not-regular': (path) => failure('not-regular', `${path} is not a regular file`),
  swapped,
  garbled: (path) => failure('garbled', `${path}: the host's answer cannot be read`),
};

export function refusal(path: string, code: string): Failure {
  return OWN_WORDS[code]?.(path) ?? failure(code, `${path}: ${saidOf(code)}`);
}

/** The records of PRELUDE's `refuse`; null where it refused nothing. */
export function farRefusal([first, ...rest]: readonly string[], path: string): Failure | null {
  if (first === undefined || !first.startsWith('! ')) return null;
  const why = first.slice(2);
  if (why === 'said') return refusal(path, codeOfText(rest[0] ?? '') ?? 'EIO');
  if (why === 'foreign-link' || why === 'kernel-link') return ledAway(path, rest.map(utf8));
  if (why === 'link' && rest[0] !== undefined) return namedLink(path, { ok: true, real: utf8(rest[0]) });
  return why === 'may-hang' ? hangs(rest) : refusal(path, /^[A-Za-z-]{1,20}$/.test(why) ? why : 'EIO');
}

/** What `walk` tells of a link that it did not follow. */
export function ledAway(asked: string, [link = '', owner = '', there = '']: readonly string[]): Failure {
  const leadsTo = posix.resolve('/', there);
  return owner === '' ? kernelLink(link, leadsTo) : foreignLink({ asked, link, uid: Number(owner), leadsTo });
}

function hangs([where = '', line = '']: readonly string[]): Failure {
  const [, at = '', type = '', source = ''] = utf8(line).split(' ');
  return hanging(utf8(where), { at: unescaped(at), type, source: unescaped(source) });
}

/** The script came to no end of its own: no process could be started, a tool is missing. */
export function broken(path: string, { stderr, status }: Pick<FarAnswer, 'stderr' | 'status'>): Failure {
  const code = codeOfText(stderr) ?? 'garbled';
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const words = said.replace(/[^ -~]/g, '?').slice(0, 200) || `status ${status} and no word`;
  return failure(code, `${path}: the host could not look at it: ${words}`);
}

import type { FileSelector, FileType } from '../../model/host.ts';
import { commandLine } from '../../model/text/quote.ts';

const LETTERS: Readonly<Record<FileType, string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  socket: 's',
  device: 'b,c',
};

/**
 * What a person could type to see or delete the same files, with find(1). For people only: find's expressions are not
 * quite JavaScript's.
 */
export function findCommand(selector: FileSelector, ...last: readonly string[]): string {
  const { in: folder, type, name, older_than, newer_than, user } = selector;
  const users = user?.flatMap((one, at) => [...(at > 0 ? ['-o'] : []), '-user', one]) ?? [];
  // A name that starts with a dash would be an option.
  const start = folder.startsWith('-') ? `./${folder}` : folder;
  return commandLine([
    'find',
    start,
    ...['-maxdepth', '1'],
    ...(name === undefined ? [] : ['-regextype', 'posix-extended']),
    ...(type === undefined ? [] : ['-type', type.map((one) => LETTERS[one]).join(',')]),
    ...(name === undefined ? [] : ['-regex', pathPattern(name)]),
    ...(older_than === undefined ? [] : ['-mmin', `+${Math.floor(older_than / 60_000)}`]),
    ...(newer_than === undefined ? [] : ['-mmin', `-${Math.ceil(newer_than / 60_000)}`]),
    ...(users.length > 2 ? ['(', ...users, ')'] : users),
    ...last,
  ]);
}

/** find's -regex matches the whole path. */
function pathPattern(name: string): string {
  const start = name.startsWith('^') ? name.slice(1) : `[^/]*${name}`;
  const whole = start.endsWith('$') ? start.slice(0, -1) : `${start}[^/]*`;
  return `.*/${whole}`;
}

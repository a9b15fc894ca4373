import { type CrontabKind, parseCrontab, syntaxProblem } from './crontab.ts';

/**
 * Which files cron takes for crontabs. Sources: cron(8) of Debian's cron 3.0pl1 and the messages in it, cronie's database.c.
 * The rules hold in cron's own places only: a rehearsal's crontabs lie elsewhere and belong to whoever rehearses.
 */
export type Flavour = 'debian' | 'cronie';

export const USER_FOLDERS = ['/var/spool/cron/crontabs', '/var/spool/cron', '/var/spool/cron/tabs'];
export const SYSTEM_CRONTABS = ['/etc/crontab', '/etc/cron.d', '/etc/anacrontab'];

export function kindOfSystemFile(path: string): CrontabKind {
  return path.endsWith('/anacrontab') ? 'anacron' : 'system';
}

export function isCronsOwn(path: string): boolean {
  return path.startsWith('/etc/') || path.startsWith('/var/spool/cron/');
}

/** Names that cron passes over without a word; null where it takes the name. */
export function nameProblem(name: string, kind: CrontabKind, flavour: Flavour): string | null {
  if (name.startsWith('.')) return 'its name starts with a dot';
  if (kind === 'user') return /^tmp\./.test(name) && flavour === 'debian' ? 'it is a temporary file of crontab' : rpmProblem(name, flavour);
  // run-parts(8): Debian's cron loads nothing else from /etc/cron.d, so no x.bak; cronie does load x.bak.
  if (flavour === 'debian') return /^[A-Za-z0-9_-]+$/.test(name) ? null : 'its name has more than letters, digits, - and _';
  return rpmProblem(name, flavour);
}

function rpmProblem(name: string, flavour: Flavour): string | null {
  if (flavour === 'debian') return null;
  return /^#|~$|\.rpm(save|orig|new)$/.test(name) ? 'its name is that of a backup' : null;
}

export interface CrontabFile {
  readonly path: string;
  readonly kind: CrontabKind;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly links: number;
  /** Of a user's crontab; null where the host's passwd does not know the user. */
  readonly ownerUid: number | null;
}

/** Why cron reads the file and then ignores it; null where it takes it. */
export function fileProblem(file: CrontabFile, flavour: Flavour): string | null {
  if (file.kind === 'anacron') return null;
  const mode = file.mode & 0o7777;
  if (file.uid !== 0 && (file.kind === 'system' || (file.ownerUid !== null && file.uid !== file.ownerUid))) return 'it has the wrong owner';
  if (!modeIsRight(mode, file.kind, flavour)) return `its mode is ${mode.toString(8).padStart(4, '0')}`;
  if (file.links !== 1 && (file.kind === 'user' || flavour === 'debian')) return `its link count is ${file.links}`;
  const syntax = flavour === 'debian' ? syntaxProblem(parseCrontab(file.text, file.kind)) : null;
  return syntax === null ? null : `cron does not understand ${syntax}`;
}

function modeIsRight(mode: number, kind: CrontabKind, flavour: Flavour): boolean {
  if (flavour === 'cronie') return (mode & 0o7533) === 0o400;
  return kind === 'user' ? mode === 0o600 : (mode & 0o022) === 0;
}

/** nsswitch.conf(5): users come from files only, so that a name which is not in /etc/passwd is nobody's. */
export function usersAreLocal(nsswitch: string): boolean {
  const sources = /^[ \t]*passwd:([^#\n]*)/m.exec(nsswitch)?.[1] ?? 'files';
  return sources
    .trim()
    .split(/\s+/)
    .every((source) => ['files', 'systemd', 'altfiles', '[NOTFOUND=return]'].includes(source));
}

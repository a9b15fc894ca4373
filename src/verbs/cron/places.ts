import type { Flavour } from '../../model/text/schedule.ts';
import { type CrontabKind, parseCrontab, syntaxProblem } from './crontab.ts';

/**
 * Which files cron takes for crontabs. Sources: cron(8) and database.c of Debian's cron 3.0pl1-162, cronie's
 * database.c. The rules hold in cron's own places only: a rehearsal's crontabs lie elsewhere and belong to whoever
 * rehearses.
 */

const DEBIANS = '/var/spool/cron/crontabs';
/** Debian, busybox; Red Hat, Arch; SUSE; Alpine, where the first is a link to it. */
export const USER_FOLDERS = [DEBIANS, '/var/spool/cron', '/var/spool/cron/tabs', '/etc/crontabs'];
export const SYSTEM_CRONTABS = ['/etc/crontab', '/etc/cron.d', '/etc/anacrontab'];

export function kindOfSystemFile(path: string): CrontabKind {
  return path.endsWith('/anacrontab') ? 'anacron' : 'system';
}

export function isCronsOwn(path: string): boolean {
  return path.startsWith('/etc/') || path.startsWith('/var/spool/cron/');
}

/** What of a host tells how its cron reads. */
export interface CronSetting {
  readonly flavour: Flavour;
  /** cron runs with -l: names in /etc/cron.d as run-parts takes them for packages (LSB). */
  readonly lsb: boolean;
  readonly uids: ReadonlyMap<string, number>;
  /** Users come only from /etc/passwd, so any other name is no user. */
  readonly local: boolean;
}

/** Why cron passes over the name; null where it takes it. `folder` is where it lies. */
export function nameProblem(folder: string, name: string, kind: CrontabKind, setting: CronSetting): string | null {
  if (name.startsWith('.')) return 'its name starts with a dot';
  if (kind === 'anacron') return null;
  if (setting.flavour === 'cronie')
    return /^#|~$|\.rpm(save|orig|new)$/.test(name) ? 'its name is that of a backup' : null;
  if (kind === 'user')
    return folder === DEBIANS || !isCronsOwn(`${folder}/`) ? null : `Debian's cron reads ${DEBIANS} only`;
  if (folder !== '/etc/cron.d') return null;
  if (setting.lsb) return isPackageName(name) ? null : 'its name is none that run-parts takes';
  return /^[A-Za-z0-9_-]+$/.test(name) ? null : 'its name has more than letters, digits, - and _';
}

function isPackageName(name: string): boolean {
  if (/^_?([a-z0-9_.]+-)+[a-z0-9]+$/.test(name)) return !/^[a-z0-9-].*dpkg-(old|dist)$/.test(name);
  return /^[a-z0-9][a-z0-9-]*$/.test(name);
}

export function ownerProblem(owner: string, kind: CrontabKind, { uids, local }: CronSetting): string | null {
  if (kind !== 'user' || !local || uids.has(owner)) return null;
  return owner.startsWith('tmp.') ? 'it is a temporary file of crontab' : `there is no user ${owner}`;
}

export interface CrontabFile {
  readonly path: string;
  readonly kind: CrontabKind;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly links: number;
  /** Whose crontab it is. */
  readonly owner: string;
}

/** Why cron reads the file and then ignores it; null where it takes it. */
export function fileProblem(file: CrontabFile, setting: CronSetting): string | null {
  if (file.kind === 'anacron') return null;
  const { flavour, uids } = setting;
  const mode = file.mode & 0o7777;
  const ownerUid = uids.get(file.owner);
  if (file.uid !== 0 && (file.kind === 'system' || (ownerUid !== undefined && file.uid !== ownerUid)))
    return 'it has the wrong owner';
  if (!modeIsRight(mode, file.kind, flavour)) return `its mode is ${mode.toString(8).padStart(4, '0')}`;
  const links = linksProblem(file.links, file.kind, flavour);
  if (links !== null) return links;
  const syntax = flavour === 'debian' ? syntaxProblem(parseCrontab(file.text, file.kind, readingOf(setting))) : null;
  return syntax === null ? null : `cron does not understand ${syntax}`;
}

export function readingOf({ flavour, uids, local }: CronSetting): {
  readonly flavour: Flavour;
  readonly users: ReadonlySet<string> | null;
} {
  return { flavour, users: local ? new Set(uids.keys()) : null };
}

function modeIsRight(mode: number, kind: CrontabKind, flavour: Flavour): boolean {
  if (flavour === 'cronie') return (mode & 0o7533) === 0o400;
  return kind === 'user' ? mode === 0o600 : (mode & 0o022) === 0;
}

/**
 * A file with a second name may belong to another user: cron ignores it, and we must not open it where others can
 * write.
 */
export function linksProblem(links: number, kind: CrontabKind, flavour: Flavour): string | null {
  return links !== 1 && kind !== 'anacron' && (kind === 'user' || flavour === 'debian')
    ? `its link count is ${links}`
    : null;
}

/** Why cron ignores an entry that is no regular file or a link; null if cron reads it. */
export function typeProblem(type: string, linkOwner: number, kind: CrontabKind, flavour: Flavour): string | null {
  if (type === 'symlink' && flavour === 'debian' && kind === 'user') return 'it is a link';
  if (type === 'symlink') return flavour === 'debian' && linkOwner !== 0 ? 'it is a link that is not of root' : null;
  if (type === 'fifo' && flavour === 'debian' && kind !== 'anacron')
    return 'it is a FIFO: cron waits for it, and runs nothing meanwhile';
  return type === 'file' ? null : 'it is no regular file';
}

/** nsswitch.conf(5): users come from files only, so that a name which is not in /etc/passwd is nobody's. */
export function usersAreLocal(nsswitch: string): boolean {
  const sources = /^[ \t]*passwd:([^#\n]*)/m.exec(nsswitch)?.[1] ?? 'files';
  return sources
    .trim()
    .split(/\s+/)
    .every((source) => ['files', 'systemd', 'altfiles', '[NOTFOUND=return]'].includes(source));
}

/** Names and uids of passwd(5), every name: two may share a uid. */
export function usersIn(passwd: string): ReadonlyMap<string, number> {
  const lines = passwd.split('\n').map((line) => line.split(':'));
  return new Map(
    lines.flatMap(([name = '', , uid = '']) =>
      /^\d+$/.test(uid) && name !== '' ? [[name, Number(uid)] as const] : [],
    ),
  );
}

/** /etc/default/cron gives cron its options. */
export function runsWithLsbNames(defaults: string): boolean {
  return /^[ \t]*(?:export[ \t]+)?EXTRA_OPTS=.*(?:["' =])-[fn]*l/m.test(defaults);
}

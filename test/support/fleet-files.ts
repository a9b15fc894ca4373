import { execFileSync } from 'node:child_process';
import type { Fleet } from './fleet.ts';

/** Path and what stat(2) says of it, but for the time of the last reading. Nobody can set a ctime: what was written and put back shows too. */
export type Files = ReadonlyMap<string, string>;

const ROOTS = ['', 'var', 'run', 'tmp', 'dev/shm', 'run/lock'];

/** All of a host's file systems that can be written, seen from outside, with nobody logging in. */
export function filesOf(fleet: Fleet, host: string): Files {
  const root = `/proc/${fleet.initOf(host)}/root`;
  const text = execFileSync(
    'find',
    [...ROOTS.map((folder) => `${root}/${folder}`), '-xdev', '-printf', '%p\\0%y %i %m %U:%G %s %T@ %C@\\0'],
    { encoding: 'latin1', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] },
  ).split('\0');
  const files = new Map<string, string>();
  for (let at = 0; at + 1 < text.length; at += 2)
    files.set((text[at] ?? '').slice(root.length).replaceAll(/\/+/g, '/') || '/', text[at + 1] ?? '');
  return files;
}

/** What came, went or changed. */
export function changes(before: Files, after: Files): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

/** What sshd, PAM, logind and the journal write because somebody logs in, whoever it is and whatever for. */
const LOGIN = [
  /^\/run\/(utmp|user|user\/0)(\/|$)/,
  /^\/run\/systemd\/(sessions|users|inhibit|transient|units|io\.system\.ManagedOOM|generator\S*|inaccessible|propagate|journal|unit-root|notify|private)(\/|$)/,
  /^\/run\/(log|credentials|dbus|sshd\S*|motd\S*)(\/|$)/,
  /^\/var\/log\/(wtmp|lastlog|btmp|journal)(\/|$)/,
];
export const byLogin = (path: string): boolean => LOGIN.some((pattern) => pattern.test(path));

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Fleet } from './fleet.ts';

/**
 * Path and what stat(2) says of it, but for the time of the last reading. Nobody can set a ctime: what was written and
 * put back shows too.
 */
export type Files = ReadonlyMap<string, string>;

const ROOTS = ['', 'var', 'run', 'tmp', 'dev/shm', 'run/lock'];

/**
 * sshd's message of the day is a file that is written anew in /run at each login: without it, what was made and removed
 * again in /run shows.
 */
export async function quietLogins(fleet: Fleet): Promise<void> {
  await Promise.all(fleet.hosts.map((host) => fleet.on(host, 'sed -i /pam_motd/d /etc/pam.d/sshd')));
}

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

function changes(before: Files, after: Files): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

/**
 * What sshd, PAM and the journal write because somebody logs in, whoever it is and whatever for; systemd's own books on
 * a service that is started; and what the lab's fast clock keeps.
 */
const OTHERS = [
  /^\/run\/systemd\/(journal\/streams|units)(\/|$)/,
  /^\/run\/(utmp|log\/)/,
  /^\/var\/log\/(wtmp|lastlog|btmp|journal)/,
  /^\/dev\/shm(\/(sem\.)?faketime_\w+)?$/,
];

/** What came, went or changed by what was done there, and not by who came to do it. */
export const doings = (before: Files, after: Files): readonly string[] =>
  changes(before, after).filter((path) => !OTHERS.some((pattern) => pattern.test(path)));

/**
 * A file system of its own at /srv of each host, which outlives the host. On the lab's overlay a file has another
 * device than the folder it is in, so that nothing is ever deleted there: it could be a mount.
 */
export async function giveSpools(fleet: Fleet): Promise<void> {
  for (const host of fleet.hosts) execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(fleet.rootOf(host), 'srv')]);
  await Promise.all(fleet.hosts.map((host) => fleet.kill(host).then(() => fleet.start(host))));
}

/** What `fleet-spool` of the fixtures is about. */
export async function fillSpool(fleet: Fleet, host: string, files: number): Promise<void> {
  await fleet.on(
    host,
    `rm -rf /srv/spool && mkdir /srv/spool && cd /srv/spool && seq ${files} | xargs touch && echo mode=wild >/etc/fleet.conf`,
  );
}

import { isObject, type Json } from '../json.ts';
import { isStepReference, type StepReference } from '../reference.ts';
import type { Runbook, Step } from '../runbook.ts';

/**
 * An action on what a deciding probe found is part of the cure: to undo it is to bring the incident back. A sentence
 * that says so, or null.
 */
export function dangerOf(runbook: Runbook, step: Step, arg: Json): string | null {
  const sources = isObject(arg)
    ? Object.values(arg).filter((value): value is StepReference => isStepReference(value))
    : [];
  const matched = sources.filter(({ $step }) =>
    runbook.diagnose.some((probe) => probe.id === $step && probe.expect && probe.decisive),
  );
  if (matched.length === 0) return null;
  return `undoing ${step.id} brings back what ${matched.map(({ $step }) => $step).join(', ')} found: the incident may start again`;
}

interface VitalFolder {
  readonly at: string;
  /** `itself`: the folder's own entries. `below`: and all that lies below it. */
  readonly how: 'itself' | 'below';
}

const itself = (...paths: readonly string[]): readonly VitalFolder[] => paths.map((at) => ({ at, how: 'itself' }));
const below = (...paths: readonly string[]): readonly VitalFolder[] => paths.map((at) => ({ at, how: 'below' }));

/**
 * What the system itself lives on, what its package and service managers remember, what databases and containers hold,
 * and our own memory: whoever deletes there by hand breaks more than is broken. `delete` refuses it, and so shall
 * whatever else moves or empties; `edit` and `crontab` go on working in /etc.
 */
export const VITAL_FOLDERS: readonly VitalFolder[] = [
  ...itself('/', '/home', '/opt', '/root', '/run', '/var', '/var/lib', '/var/lib/apt'),
  ...below(
    '/bin',
    '/boot',
    '/dev',
    '/efi',
    '/etc',
    '/lib',
    '/lib32',
    '/lib64',
    '/libx32',
    '/proc',
    '/sbin',
    '/sys',
    '/usr',
  ),
  ...below('/gnu/store', '/nix', '/snap', '/root/.gnupg', '/root/.ssh', '/var/db', '/var/spool/cron'),
  ...below('/run/dbus', '/run/firebreak', '/run/systemd', '/run/udev', '/var/lib/firebreak'),
  ...below(
    '/var/lib/alternatives',
    '/var/lib/dnf',
    '/var/lib/dpkg',
    '/var/lib/flatpak',
    '/var/lib/pacman',
    '/var/lib/pam',
  ),
  ...below(
    '/var/lib/portage',
    '/var/lib/rpm',
    '/var/lib/snapd',
    '/var/lib/systemd',
    '/var/lib/ucf',
    '/var/lib/yum',
    '/var/lib/zypp',
  ),
  ...below(
    '/var/lib/containerd',
    '/var/lib/containers',
    '/var/lib/docker',
    '/var/lib/etcd',
    '/var/lib/kubelet',
    '/var/lib/libvirt',
  ),
  ...below(
    '/var/lib/ldap',
    '/var/lib/mariadb',
    '/var/lib/mongo',
    '/var/lib/mongodb',
    '/var/lib/mysql',
    '/var/lib/pgsql',
    '/var/lib/postgresql',
  ),
];

/** What lies in one of those, and is there to be emptied. */
const SPARED =
  /^\/(?:dev\/shm|usr\/local|var\/lib\/systemd\/coredump|var\/lib\/docker\/containers|var\/lib\/(?:pgsql|postgresql)(?:\/.*)?\/(?:log|pg_log))(?:\/|$)/;
const VITAL_AFTER_ALL =
  /^\/(?:usr\/local(?:$|\/(?:bin|etc|lib|lib64|libexec|sbin)(?:\/|$))|dev\/shm\/firebreak-|(?:.*\/)?\.local\/state\/firebreak(?:\/|$))/;

/**
 * The vital folder that an absolute path is, or lies below; null: none. The path must be without links, `.`, `..` and
 * double slashes.
 */
export function vitalFolder(path: string): string | null {
  if (VITAL_AFTER_ALL.test(path)) return path;
  if (SPARED.test(path)) return null;
  const found = VITAL_FOLDERS.find(({ at, how }) => path === at || (how === 'below' && path.startsWith(`${at}/`)));
  return found?.at ?? null;
}

/** Why nothing is deleted there, and what to do instead. */
export function vitalReason(real: string, vital: string): string {
  const below = real.startsWith(`${vital === '/' ? '' : vital}/`)
    ? `${real} lies in ${vital}`
    : `${real} is ${vital}, or a part of it, by another name`;
  const which = real === vital ? `${real} is` : `${below}:`;
  return `${which} a folder that the system itself lives on, so nothing is deleted there; name another folder, or do it by hand`;
}

import { isObject, type Json } from '../json.ts';
import { isStepReference, type StepReference } from '../reference.ts';
import type { Runbook, Step } from '../runbook.ts';

/**
 * An action on the targets of a deciding probe is part of the cure: undoing it may bring the incident back. Returns a
 * sentence that tells this, or null.
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

const itself = (names: string): readonly VitalFolder[] => names.split(' ').map((at) => ({ at, how: 'itself' }));
const below = (folder: string, names: string): readonly VitalFolder[] =>
  names.split(' ').map((name) => ({ at: `${folder}/${name}`, how: 'below' }));

/**
 * What the system itself lives on, what its package and service managers remember, what databases and containers hold,
 * and our own memory: whoever deletes there by hand breaks more than is broken. `delete` refuses it, and so shall
 * whatever else moves or empties; `edit` and `crontab` go on working in /etc.
 */
export const VITAL_FOLDERS: readonly VitalFolder[] = [
  ...itself('/ /home /opt /root /run /var /var/lib /var/lib/apt /var/lib/private /var/spool'),
  ...below('', 'bin boot dev efi etc lib lib32 lib64 libx32 proc sbin sys usr gnu/store nix ostree snap sysroot'),
  ...below('/root', '.gnupg .ssh'),
  ...below('/run', 'containerd containers credentials crio dbus docker firebreak k3s libvirt secrets systemd udev'),
  ...below('/var', 'db spool/cron'),
  // What the package manager, the boot and the network remember.
  ...below('/var/lib', 'NetworkManager alternatives apk cloud dhclient dhcp dhcpcd dkms dnf dpkg firebreak flatpak'),
  ...below('/var/lib', 'initramfs-tools letsencrypt nftables nfs pacman pam polkit-1 portage rpm selinux shim-signed'),
  ...below('/var/lib', 'snapd sss sudo systemd ucf ufw wireguard xbps yum zypp'),
  // Containers and machines.
  ...below(
    '/var/lib',
    'cni containerd containers docker etcd incus k0s kubelet libvirt lxc lxd machines nomad rancher',
  ),
  // Databases, queues, directories, and what holds keys.
  ...below('/var/lib', 'cassandra ceph clickhouse cockroach consul couchdb dirsrv elasticsearch grafana influxdb ipa'),
  ...below(
    '/var/lib',
    'kafka krb5kdc ldap mariadb minio mongo mongodb mysql neo4j opensearch pgsql postgres postgresql',
  ),
  ...below('/var/lib', 'prometheus rabbitmq redis samba scylla slapd solr valkey vault zookeeper'),
];

/** Folders inside of vital ones that may be emptied. */
const SPARED =
  /^\/(?:dev\/shm|usr\/local|var\/lib\/systemd\/coredump|var\/lib\/docker\/containers|var\/lib\/(?:pgsql|postgresql)(?:\/.*)?\/(?:log|pg_log))(?:\/|$)/;
const VITAL_AFTER_ALL =
  /^\/(?:usr\/local(?:$|\/(?:bin|etc|lib|lib64|libexec|sbin)(?:\/|$))|dev\/shm\/firebreak-|(?:.*\/)?\.(?:local\/state\/firebreak|ssh|gnupg)(?:\/|$))/;

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

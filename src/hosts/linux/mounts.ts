import { readFileSync } from 'node:fs';
import { type Failure, failure } from '../../model/host.ts';

/** One line of /proc/self/mountinfo (proc(5)). */
export interface Mount {
  readonly at: string;
  readonly type: string;
  readonly source: string;
}

/** Escapes of mountinfo: space, tab, newline and backslash as three octal digits. */
export const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    // `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`: optional fields end at the dash.
    const [before, after] = line.split(' - ');
    const at = before?.split(' ')[4];
    const [type, source] = after?.split(' ') ?? [];
    return at === undefined || type === undefined ? [] : [{ at: unescaped(at), type, source: unescaped(source ?? '') }];
  });
}

export function readMounts(): readonly Mount[] {
  return parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/**
 * The mount that holds an absolute path without links: the longest, and of those at one place the last, which lies on
 * top.
 */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const holds = (at: string) => at === '/' || path === at || path.startsWith(`${at}/`);
  return mounts.reduce<Mount | undefined>(
    (best, mount) => (holds(mount.at) && (best === undefined || mount.at.length >= best.at.length) ? mount : best),
    undefined,
  );
}

/**
 * A stat on one of these can hang for ever when its server is gone, and then nothing ends it, not even a signal.
 * Whether the server answers cannot be found out without taking that risk, so they are refused. fuseblk (ntfs) has a
 * local disk below it; what holds / was good enough to start us. awk(1) on another machine judges by the same text:
 * nothing in it that only JavaScript knows.
 */
export const MAY_HANG = /^(nfs[0-9]?|cifs|smb3?|smbfs|ceph|afs|ncpfs|coda|lustre|autofs|fuse|fuse[.].*|sshfs|davfs)$/;

export function mayHang(mount: Mount): boolean {
  return mount.at !== '/' && MAY_HANG.test(mount.type);
}

export function hanging(path: string, mount: Mount): Failure {
  return failure(
    'may-hang',
    `${path} is on ${mount.at} (${mount.type} from ${mount.source}): a look at it could hang for ever, so it is not looked at`,
  );
}

import { closeSync, lstatSync, readFileSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import { VITAL_FOLDERS } from '../../model/policy/danger.ts';
import { type Spot, vitalAt } from '../files/vital.ts';
import { type Mount, mayHang, mountOf, readMounts } from '../linux/mounts.ts';
import { type Pinned, pin } from './pin.ts';

/** The vital folder that a pinned one is or lies below, under whatever name; null: none. */
export function vitalHere(place: Pick<Pinned, 'real' | 'chain' | 'fd'>): string | null {
  const { real, chain } = place;
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return vitalAt({ real, chain, known: known(), mounts, systems: systemsAbove(place) });
}

/** Goes up from the pinned folder itself, not from its path. / is this system. */
function systemsAbove({ real, chain, fd }: Pick<Pinned, 'real' | 'chain' | 'fd'>): readonly number[] {
  const mounts = readMounts();
  const names = real.split('/').slice(1);
  const isSystem = (up: number): boolean => {
    const root = `/proc/self/fd/${fd}/${'../'.repeat(up)}`;
    const path = `/${names.slice(0, names.length - up).join('/')}`;
    const isFolder = (name: string): boolean => {
      const mount = mountOf(`${path}/${name}`, mounts);
      return !(mount && mayHang(mount)) && statOf(root + name)?.isDirectory() === true;
    };
    return isFolder('usr') && isFolder('etc') && statOf(`${root}etc/passwd`) !== undefined;
  };
  return Array.from({ length: chain.length - 1 }, (_, up) => up).filter(isSystem);
}

/** Undefined: not there, or not for us to look at. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * What may not be looked at (a folder of root's, for whoever is not root), or could hang, is left out: its path alone
 * tells.
 */
function known(): Spot['known'] {
  const mounts = readMounts();
  const byParent = Map.groupBy(VITAL_FOLDERS, ({ at }) => posix.dirname(at));
  return [...byParent].flatMap(([parent, folders]) => {
    const place = pin(parent, 'keep', { mounts });
    if (!place.ok) return [];
    const seen = folders.flatMap(({ at }) => knownAt(at, place, mounts));
    closeSync(place.fd);
    return seen;
  });
}

/** The goals of links such as /bin are in the list themselves. */
function knownAt(path: string, { real, fd }: Pinned, mounts: readonly Mount[]): Spot['known'] {
  const mount = mountOf(posix.join(real, posix.basename(path)), mounts);
  if (mount && mayHang(mount)) return [];
  const stat = statOf(`/proc/self/fd/${fd}/${posix.basename(path)}`);
  return stat?.isDirectory() ? [{ path, device: stat.dev, inode: stat.ino }] : [];
}

import { closeSync, readFileSync } from 'node:fs';
import { VITAL_FOLDERS } from '../../model/policy/danger.ts';
import { type Spot, vitalAt } from '../files/vital.ts';
import { readMounts } from '../linux/mounts.ts';
import { type Pinned, pin } from './pin.ts';

/** The vital folder that a pinned one is or lies below, under whatever name; null: none. */
export function vitalHere({ real, chain }: Pick<Pinned, 'real' | 'chain'>): string | null {
  return vitalAt({ real, chain, known: known(), mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n') });
}

/**
 * What may not be looked at (a folder of root's, for whoever is not root), or could hang, is left out: its path alone
 * tells.
 */
function known(): Spot['known'] {
  const mounts = readMounts();
  return VITAL_FOLDERS.flatMap(({ at: path }) => {
    const place = pin(path, 'keep', mounts);
    if (!place.ok) return [];
    closeSync(place.fd);
    // What a link (/bin) leads to is named itself.
    return place.stat.isDirectory() ? [{ path, device: place.stat.dev, inode: place.stat.ino }] : [];
  });
}

import { readFileSync } from 'node:fs';
import { parseUidMap, rootsIn } from '../files/strangers.ts';

let roots: readonly number[] | undefined;

/**
 * The uids that count as ours: root's as it is seen here, and the effective uid of this process; never the user who
 * typed sudo.
 */
export function ours(): ReadonlySet<number> {
  roots ??= rootsSeen();
  return new Set([...roots, process.geteuid?.() ?? 0]);
}

function rootsSeen(): readonly number[] {
  try {
    const overflow = Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
    return rootsIn(parseUidMap(readFileSync('/proc/self/uid_map', 'utf8')), overflow);
  } catch {
    return [0];
  }
}

import { readFileSync } from 'node:fs';
import { parseUidMap, rootsIn } from '../files/strangers.ts';

let roots: readonly number[] | undefined;

/** Root's uid, as it is seen here, and the one that runs: effective, never who typed sudo. */
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

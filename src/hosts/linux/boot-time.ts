import { readFileSync } from 'node:fs';

/** Epoch milliseconds, `btime` of /proc/stat (proc(5)). Read each time: it moves when the clock is set. */
export function bootTime(): number {
  const match = /^btime (\d+)$/m.exec(readOr('/proc/stat', ''));
  return Number(match?.[1] ?? 0) * 1000;
}

export function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

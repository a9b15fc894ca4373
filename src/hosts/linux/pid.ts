import { readdirSync } from 'node:fs';
import { readArgs, readExe, readStat, readStatus } from './proc.ts';
import { type ProcStat, type Seen, TICKS_PER_SECOND } from './proc-text.ts';

/** Reads of one process. "May not look" and "not there" mean the same here: nothing is done to it. */
export type PidStat = ProcStat;

export const ticksToMilliseconds = (ticks: number): number => (ticks * 1000) / TICKS_PER_SECOND;

export function readPid(pid: number): PidStat | null {
  return known(readStat(`/proc/${pid}`));
}

export function allPids(): readonly PidStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readPid(Number(pid))).filter((stat) => stat !== null);
}

/** A zombie is gone: it does nothing any more and only waits for its parent. */
export function livesStill(seen: Pick<PidStat, 'pid' | 'start'>): boolean {
  const now = readPid(seen.pid);
  return now !== null && now.start === seen.start && now.state !== 'Z' && now.state !== 'X';
}

export const exeOf = (pid: number): string | null => known(readExe(`/proc/${pid}`));

export const argsOf = (pid: number): readonly string[] => known(readArgs(`/proc/${pid}`)) ?? [];

/** Who started it, also where the program is set-user-id. Null: not there, or nobody may say. */
export const realUserOf = (pid: number): number | null => known(readStatus(`/proc/${pid}`))?.real ?? null;

/** A container's processes are seen in /proc too; a service of its own is not this machine's. */
export const inContainer = (pid: number): boolean => known(readStatus(`/proc/${pid}`))?.elsewhere ?? false;

function known<T>(seen: Seen<T>): T | null {
  return seen === undefined || seen === 'denied' ? null : seen;
}

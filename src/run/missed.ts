import type { MissedJob } from '../model/event.ts';
import type { Running } from './running.ts';

/** Placeholder until model/schedule lands. */
export async function missedJobs(_running: Running): Promise<readonly MissedJob[]> {
  return [];
}

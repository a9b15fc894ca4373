import type { MissedJob } from '../model/event.ts';
import { offsetOn } from '../model/host/far-clock.ts';
import { isObject, type Json } from '../model/json.ts';
import { missedMinutes, type Offset } from '../model/text/schedule.ts';
import { looking, type Running, type StoppedTime } from './running.ts';

/** Minutes told for each job; more would only repeat the schedule. */
const TOLD = 10;

/**
 * Cron's jobs whose minute passed while the run kept cron stopped: they did not run, and cron does not catch up. All
 * jobs, not only those that mail.
 */
export async function missedJobs(running: Running): Promise<readonly MissedJob[]> {
  const windows = running.book.stopped.filter((stopped) => /cron[^/]*$/.test(stopped.key));
  const step = running.runbook.diagnose.find((one) => one.verb === 'cron_jobs');
  if (windows.length === 0 || !step) return [];
  const selector = running.book.findings.steps[step.id]?.reference.selector;
  const { mailed: _mailed, mail_in: _mail, mailed_by: _by, ...all } = isObject(selector) ? selector : {};
  const verb = await running.catalogue.probe('cron_jobs');
  const finding = await verb.look({ ...looking(running, step.id), progress: () => {} }, all).catch(() => null);
  const ahead = running.host.farClock?.().ahead ?? 0;
  const clock = { now: running.clock.now() + ahead, ahead, offset: offsetOn(running.host) };
  return jobsIn(finding?.detail ?? null).flatMap((job) => missedBy(job, windows, clock));
}

interface Job {
  readonly file: string;
  readonly schedule: string;
  readonly command: string;
}

function jobsIn(detail: Json): readonly Job[] {
  return isObject(detail) && Array.isArray(detail.jobs) ? (detail.jobs as unknown as readonly Job[]) : [];
}

/** The clock of the host, because cron uses it. */
interface ClockThere {
  readonly now: number;
  readonly ahead: number;
  readonly offset: Offset;
}

function missedBy(
  { file, schedule, command }: Job,
  windows: readonly StoppedTime[],
  { now, ahead, offset }: ClockThere,
): readonly MissedJob[] {
  const minutes = windows.flatMap(({ from, to }) =>
    missedMinutes({ schedule, from: from + ahead, to: to === null ? now : to + ahead, limit: TOLD, offset }),
  );
  if (minutes.length === 0) return [];
  return [{ file, schedule, command, minutes: minutes.slice(0, TOLD).map((minute) => new Date(minute).toISOString()) }];
}

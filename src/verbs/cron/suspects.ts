import { isObject, type Json, listOf } from '../../model/json.ts';
import { dueMinutes, type Offset, parseSchedule } from '../../model/text/schedule.ts';
import type { CronJob, CrontabKind } from './crontab.ts';
import type { FoundJob } from './jobs.ts';

/**
 * Finds the jobs that may have caused a storm of mail. A mail names its job: cron writes the command into the subject,
 * anacron the name of the job. A hung mailer names none. So we take the jobs that mail its recipient and were due since
 * the mailer, or the job that started it, began.
 */
export interface Suspicion {
  /** What the subjects named: the user, where the step caught one, and the job. */
  readonly named: readonly { readonly owner: string | null; readonly job: string }[];
  /** Owners with mail of more different jobs than are kept: all of their jobs count. */
  readonly anyOf: readonly string[];
  /** `to` is null if only its user is known. That is the user of the job. */
  readonly mailers: readonly { readonly to: string | null; readonly user: string }[];
  /** No mailer is left (somebody has ended them by hand): then all jobs that were due since this moment count. */
  readonly anybody: boolean;
  /** Epoch milliseconds by the host's clock: jobs that were due since. */
  readonly since: number;
}

/** Of the host: its cron goes by it. */
export interface ClockThere {
  readonly now: number;
  readonly offset: Offset;
}

export type Candidate = Pick<CronJob | FoundJob, 'schedule' | 'user' | 'command' | 'mailTo'> & {
  readonly kind: CrontabKind;
};

export function isSuspect(suspicion: Suspicion, job: Candidate, there: ClockThere): boolean {
  const { named, anyOf, anybody, mailers, since } = suspicion;
  if (anyOf.includes('') || anyOf.includes(job.user) || named.some((one) => names(one, job))) return true;
  return (anybody || mailers.some((mailer) => mayBeOf(mailer, job))) && wasDue(job, since, there);
}

function names({ owner, job }: Suspicion['named'][number], candidate: Candidate): boolean {
  if (owner !== null && owner !== candidate.user) return false;
  if (candidate.kind === 'anacron') return job === candidate.schedule.trim().split(/[ \t]+/)[2];
  // Debian's cron says so of a job that failed, where its log level has 4.
  const said = job.replace(/ \(failed\)$/, '').trim();
  const command = candidate.command.trim();
  return said === command || job.trim() === command;
}

function mayBeOf({ to, user }: Suspicion['mailers'][number], job: Candidate): boolean {
  return to === null ? user === job.user : to === job.mailTo;
}

/** cron starts a job in its minute, and a little later where the host is busy. */
const LATE = 90_000;

/** If it is not known when a job is due (anacron's periods, @reboot), it may have been due. */
function wasDue({ schedule, kind }: Candidate, since: number, { now, offset }: ClockThere): boolean {
  const parsed = kind === 'anacron' ? null : parseSchedule(schedule);
  if (parsed === null || typeof parsed === 'string' || parsed.kind !== 'fields') return true;
  return dueMinutes({ schedule: parsed, from: since - LATE, to: now, limit: 1, offset }).length > 0;
}

// ---------------------------------------------------------------- as JSON, in a finding

export function suspicionOf(value: Json | undefined): Suspicion | null {
  if (!isObject(value)) return null;
  const objects = (list: Json | undefined) => (Array.isArray(list) ? list.filter(isObject) : []);
  const text = (one: Json | undefined) => (typeof one === 'string' ? one : null);
  return {
    named: objects(value.named).map(({ owner, job }) => ({ owner: text(owner), job: String(job) })),
    anyOf: listOf(value.anyOf).map(String),
    mailers: objects(value.mailers).map(({ to, user }) => ({ to: text(to), user: String(user) })),
    anybody: value.anybody === true,
    since: Number(value.since),
  };
}

export function suspicionJson({ named, anyOf, anybody, mailers, since }: Suspicion): Json {
  return {
    named: named.map((one) => ({ ...one })),
    anyOf,
    anybody,
    mailers: mailers.map((one) => ({ ...one })),
    since,
  };
}

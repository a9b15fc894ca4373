import type { Json } from '../../model/json.ts';
import { boolean, type Infer, object, oneOrMore, pattern, text } from '../../model/runbook/shape.ts';
import { shownText } from '../../model/text/bytes.ts';
import { type Pattern, patternOf } from '../../model/text/pattern.ts';
import type { CronJob, CrontabKind } from './crontab.ts';

/**
 * What the probe `cron_jobs` found, and how it chose: the action `crontab` reads the files again and chooses by the
 * same words.
 */
export interface CronJobsFound {
  readonly jobs: readonly FoundJob[];
  /** Every crontab that cron takes, also those without a chosen job. */
  readonly files: readonly FoundCrontab[];
  /** Files and lines that cron ignores, and why. */
  readonly ignored: readonly { readonly path: string; readonly reason: string }[];
  /** By what mail and mailers the jobs were chosen: the mail may be gone when the action looks again. */
  readonly suspicion?: Json;
}

export interface FoundCrontab {
  readonly path: string;
  readonly kind: CrontabKind;
  /** Whose crontab it is; of system files root. */
  readonly owner: string;
  /** SHA-256 of its bytes, hexadecimal. */
  readonly hash: string;
}

export interface FoundJob {
  readonly file: string;
  readonly kind: CrontabKind;
  readonly owner: string;
  readonly line: number;
  readonly schedule: string;
  readonly user: string;
  readonly command: string;
  /** Null: nobody is mailed. */
  readonly mailTo: string | null;
  readonly mailed: boolean;
}

export interface JobSelector {
  readonly mailed?: boolean;
  readonly user: readonly string[];
  readonly schedule: readonly string[];
  readonly command: Pattern | null;
}

/** The words of the probe that choose a job, once the files are known. */
export const JOB_SELECTOR = {
  mailed: boolean(
    'True: only jobs whose output would be mailed if they print. False: only those where it is certain that nothing is mailed.',
  ),
  user: oneOrMore(text('A user name.'), 'The user that the job runs as.'),
  command: object(
    'What the command must look like.',
    { matches: pattern('A regular expression over the command, without its input.') },
    ['matches'],
  ),
  schedule: oneOrMore(
    text('Five fields a single blank apart, or an @word.'),
    'The schedule as it stands in the crontab.',
  ),
};
export const JOBS = object('Which jobs.', JOB_SELECTOR);

export function jobSelector({ mailed, user = [], schedule = [], command }: Infer<typeof JOBS>): JobSelector {
  return {
    user,
    schedule,
    command: command ? patternOf(command.matches) : null,
    ...(mailed !== undefined && { mailed }),
  };
}

export function selects(selector: JobSelector, job: CronJob): boolean {
  const { mailed, user, schedule, command } = selector;
  if (mailed !== undefined && mailed !== job.mailed) return false;
  if (user.length > 0 && !user.includes(job.user)) return false;
  if (schedule.length > 0 && !schedule.includes(spaced(job.schedule))) return false;
  return command === null || command.test(shownText(job.command));
}

/** Fields a single blank apart, so that tabs in the file do not matter. */
function spaced(schedule: string): string {
  return schedule.trim().replaceAll(/[ \t]+/g, ' ');
}

export function foundJob(file: FoundCrontab, job: CronJob): FoundJob {
  const { path, kind, owner } = file;
  const command = shownText(job.command);
  return {
    file: path,
    kind,
    owner,
    line: job.line,
    schedule: spaced(job.schedule),
    user: job.user,
    command,
    mailTo: job.mailTo,
    mailed: job.mailed,
  };
}

/** Why a crontab could not be read: the path once, whether or not the port's message starts with it. */
export function unreadable(path: string, failure: { readonly code: string; readonly message: string }): string {
  const said = failure.message.startsWith(path) ? failure.message : `${path}: ${failure.message}`;
  return `${said} (${failure.code})`;
}

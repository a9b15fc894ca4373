import type { Host, ProcessRecord } from '../../model/host.ts';
import { isObject } from '../../model/json.ts';
import type { StepReference } from '../../model/reference.ts';
import { byDefault, type Infer, object, stepReference, word } from '../../model/runbook/shape.ts';
import { shownText } from '../../model/text/bytes.ts';
import { type Candidate, isSuspect, type Suspicion } from './suspects.ts';

export const SUSPECTS_BY = {
  mail_in: stepReference(
    'Only jobs whose mail that step found: its `holds` has a group `(?<job>…)` over the subject, and `(?<owner>…)` for the user.',
    'files',
  ),
  mailed_by: stepReference(
    'Or that a hung mailer of that step can be of: jobs that mail its recipient (or, where it names none, run as its user) and were due since the oldest, or the job that it is of, was started.',
    'processes',
  ),
  choose: byDefault(
    'suspects',
    word(
      'With mail_in or mailed_by: `suspects`, the jobs that they point at (the default), or `all` of them nevertheless.',
      'suspects',
      'all',
    ),
  ),
};
const SUSPECTS = object('By what jobs are suspected.', SUSPECTS_BY);

/**
 * The suspicion from two other steps: the mail in the spool and the hung mailers. A text tells which of them could not
 * be used.
 */
export async function suspicionFrom(
  host: Host,
  { choose, mail_in: mail, mailed_by: by }: Infer<typeof SUSPECTS>,
  now: number,
): Promise<Suspicion | string | null> {
  if (choose === 'all' || (mail === undefined && by === undefined)) return null;
  const caught = mail === undefined ? NOTHING : caughtIn(mail);
  if (typeof caught === 'string') return caught;
  const mailers = by === undefined ? [] : processesIn(by);
  if (typeof mailers === 'string') return mailers;
  const asked = distinct(mailers.flatMap((one) => mailerOf(one, mailers)));
  if (by === undefined || mailers.length > 0)
    return {
      ...caught,
      anybody: false,
      mailers: asked,
      since: mailers.length === 0 ? now : now - (await oldestOf(host, mailers)),
    };
  // Perhaps somebody has ended the hung mailers by hand. Mail that found no room after the newest one has left no
  // trace.
  return { ...caught, anybody: true, mailers: [], since: newestIn(mail) ?? now };
}

/** Epoch milliseconds. */
function newestIn(mail: StepReference | undefined): number | null {
  const found = isObject(mail?.found) ? mail.found : {};
  return typeof found.newest === 'number' ? found.newest : null;
}

type Caught = Pick<Suspicion, 'named' | 'anyOf'>;
const NOTHING: Caught = { named: [], anyOf: [] };

function caughtIn(mail: StepReference): Caught | string {
  const found = isObject(mail.found) ? mail.found : null;
  if (!found) return 'the step of `mail_in` has not looked, or could not look';
  if (!isObject(found.caught) || !Array.isArray(found.caught.values))
    return 'the step of `mail_in` has no `holds` with a group (?<job>…), which names the job';
  const { values, more } = found.caught;
  const named = values.filter(isObject).flatMap(({ owner, job }) => {
    return typeof job === 'string' ? [{ owner: typeof owner === 'string' ? owner : null, job: shownText(job) }] : [];
  });
  return { named, anyOf: Array.isArray(more) ? more.map(String) : [] };
}

function processesIn(by: StepReference): readonly ProcessRecord[] | string {
  const found = isObject(by.found) ? by.found : null;
  if (!found || !Array.isArray(found.processes)) return 'the step of `mailed_by` has not looked, or could not look';
  return found.processes as unknown as readonly ProcessRecord[];
}

/**
 * How long the oldest job has run that a mailer is of: the mailer is only started once its job has ended, a process of
 * cron waits for both.
 */
async function oldestOf(host: Host, mailers: readonly ProcessRecord[]): Promise<number> {
  const parents = new Map(
    mailers.flatMap(({ ancestry }) => ancestry.slice(0, 2).map(({ pid, name }) => [pid, name] as const)),
  );
  const daemons = new Set(mailers.flatMap(({ startedBy }) => (startedBy ? [startedBy.pid] : [])));
  const list = parents.size === 0 ? null : await host.processes.list({ name: [...new Set(parents.values())] });
  const ages = list?.ok
    ? list.processes.filter(({ pid }) => parents.has(pid) && !daemons.has(pid)).map(({ age }) => age)
    : [];
  return [...mailers.map(({ age }) => age), ...ages].reduce((most, age) => Math.max(most, age), 0);
}

/** Options of sendmail(1) whose value may be a word of its own. */
const WITH_VALUE = /^-[fFrNRVLBoOhXp]$/;

function mailerOf(
  { args, user, ppid }: ProcessRecord,
  all: readonly ProcessRecord[],
): readonly Suspicion['mailers'][number][] {
  // postdrop does not know the recipient. Its sendmail does while it lives.
  const words = args.slice(1).filter((word, at, rest) => !word.startsWith('-') && !WITH_VALUE.test(rest[at - 1] ?? ''));
  if (words.length > 0 && !args.includes('-t')) return words.map((to) => ({ to, user }));
  return all.some(({ pid }) => pid === ppid) ? [] : [{ to: null, user }];
}

function distinct(mailers: Suspicion['mailers']): Suspicion['mailers'] {
  return [...new Map(mailers.map((one) => [JSON.stringify(one), one])).values()];
}

/**
 * A mailer to somebody whom no job mails is told by its user; and of the subjects only those are kept that name a job.
 */
export function narrowedTo(suspicion: Suspicion, jobs: readonly Candidate[]): Suspicion {
  const recipients = new Set(jobs.map(({ mailTo }) => mailTo));
  const mailers = suspicion.mailers.map(({ to, user }) =>
    to !== null && recipients.has(to) ? { to, user } : { to: null, user },
  );
  const only = (one: Suspicion['named'][number]) => ({
    named: [one],
    anyOf: [],
    anybody: false,
    mailers: [],
    since: 0,
  });
  const there = { now: 0, offset: () => 0 };
  const named = suspicion.named.filter((one) => jobs.some((job) => isSuspect(only(one), job, there)));
  return { ...suspicion, named, mailers: distinct(mailers) };
}

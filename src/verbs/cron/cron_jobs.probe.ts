import type { Block } from '../../model/block.ts';
import { offsetOn } from '../../model/host/far-clock.ts';
import type { FileContent, FileRecord, Host } from '../../model/host.ts';
import { byDefault, type Infer, object, oneOrMore, onlyWith, path, word } from '../../model/runbook/shape.ts';
import { latin1Of } from '../../model/text/bytes.ts';
import { plural } from '../../model/text/quantity.ts';
import { parseSchedule, perMinute } from '../../model/text/schedule.ts';
import { defineProbe, type Finding, type MeasureAbout, unknownFinding } from '../../model/verb.ts';
import { type CrontabKind, jobsOf, parseCrontab } from './crontab.ts';
import {
  type CronJobsFound,
  type FoundCrontab,
  type FoundJob,
  foundJob,
  JOB_SELECTOR,
  jobSelector,
  selects,
  unreadable,
} from './jobs.ts';
import {
  type CronSetting,
  fileProblem,
  isCronsOwn,
  kindOfSystemFile,
  linksProblem,
  nameProblem,
  ownerProblem,
  readingOf,
  SYSTEM_CRONTABS,
  typeProblem,
  USER_FOLDERS,
} from './places.ts';
import { cronSetting } from './setting.ts';
import { type ClockThere, isSuspect, type Suspicion, suspicionJson } from './suspects.ts';
import { narrowedTo, SUSPECTS_BY, suspicionFrom } from './suspicion.ts';

const MEASURES = {
  count: { about: 'Jobs that the selector chose.', unit: 'count' },
  mailed: { about: 'Jobs among them whose output, if they print any, is mailed.', unit: 'count' },
  files: { about: 'Crontabs that hold a chosen job.', unit: 'count' },
  users: { about: 'Users that a chosen job runs as.', unit: 'count' },
  others: {
    about: 'Jobs that all other words choose and that no mail or mailer points at; needs `mail_in` or `mailed_by`.',
    unit: 'count',
  },
  per_minute: {
    about: 'How often a minute a chosen job is due, averaged over the coming day; @reboot and anacron count nothing.',
    unit: 'rate',
  },
} as const satisfies Record<string, MeasureAbout>;

const CRON_JOBS = onlyWith(
  object('Which jobs.', {
    of: byDefault(
      'all',
      word('Whose: the crontabs of users, those of the system, or all (the default).', 'all', 'users', 'system'),
    ),
    ...JOB_SELECTOR,
    crontabs: byDefault(
      USER_FOLDERS,
      oneOrMore(
        path('A folder.'),
        `Folders of users' crontabs; those that do not exist are passed over. With \`of: system\` none is read (default ${USER_FOLDERS.join(', ')}).`,
      ),
    ),
    system: byDefault(
      SYSTEM_CRONTABS,
      oneOrMore(
        path('A file or folder.'),
        `Crontabs with a user column, and folders of them; a file named anacrontab is anacron's. With \`of: users\` none is read (default ${SYSTEM_CRONTABS.join(', ')}).`,
      ),
    ),
    ...SUSPECTS_BY,
  }),
  { choose: ['mail_in', 'mailed_by'] },
);
type Arg = Infer<typeof CRON_JOBS>;

/** More crontabs than this in one folder are not looked at: unknown, never "none". */
const MOST_FILES = 5000;

export default defineProbe({
  summary: 'list the jobs of cron and anacron',
  about:
    "Reads users' crontabs, /etc/crontab, /etc/cron.d and /etc/anacrontab, and tells of each job its schedule, user and command, and whether its output is mailed and to whom: MAILTO is followed line by line, a redirection counts only where nothing can reach the mail. " +
    "Files that cron itself ignores (a wrong name, owner, mode or link count, and on Debian a line it does not understand) are named and left out. A crontab that cannot be read makes the finding unknown: other users' crontabs need root.",
  schema: CRON_JOBS,
  example: { of: 'all', mailed: true },
  needs: [],
  measures: MEASURES,

  async look({ host, clock }, arg) {
    const setting = await cronSetting(host);
    const sources = await findSources(host, arg, setting);
    if (!sources.ok) return unknownFinding(MEASURES, sources.reason);
    const there = { now: clock.now(), offset: offsetOn(host) };
    const suspicion = await suspicionFrom(host, arg, there.now);
    if (typeof suspicion === 'string') return unknownFinding(MEASURES, suspicion);
    const found = await readSources(host, sources, arg, setting);
    return found.ok ? findingOf(found, there, suspicion) : unknownFinding(MEASURES, found.reason);
  },

  explain(arg) {
    const { users, system } = placesOf(arg);
    const lines = users.map(
      (folder) => `for f in ${folder}/*; do [ -f "$f" ] && printf '%s\\n' "$f:" && cat "$f"; done`,
    );
    return system.length === 0 ? lines : [...lines, `grep -rEv '^[[:space:]]*(#|$)' ${system.join(' ')}`];
  },
});

function placesOf({ of, crontabs, system }: Arg): {
  readonly users: readonly string[];
  readonly system: readonly string[];
} {
  return { users: of === 'system' ? [] : crontabs, system: of === 'users' ? [] : system };
}

// ---------------------------------------------------------------- which files

interface Source {
  readonly path: string;
  readonly kind: CrontabKind;
  readonly owner: string;
}
interface Sources {
  readonly ok: true;
  readonly sources: readonly Source[];
  readonly ignored: CronJobsFound['ignored'];
}
type Blind = { readonly ok: false; readonly reason: string };

async function findSources(host: Host, arg: Arg, setting: CronSetting): Promise<Sources | Blind> {
  const { users, system } = placesOf(arg);
  const sources: Source[] = [];
  const ignored: { path: string; reason: string }[] = [];
  const seen = new Set<string>();
  for (const place of [...users.map((at) => ({ at, user: true })), ...system.map((at) => ({ at, user: false }))]) {
    const found = await entriesOf(host, place.at, place.user ? ['ENOENT'] : ['ENOENT', 'ENOTDIR']);
    if (!found.ok) return found;
    // On Alpine /var/spool/cron/crontabs is a link to /etc/crontabs: one folder with two names.
    if (found.folder !== null && seen.has(found.folder)) continue;
    seen.add(found.folder ?? place.at);
    for (const entry of found.folder === null && !place.user ? await itself(host, place.at) : found.entries) {
      const { source, reason } = sourceOf(entry, place.user, setting);
      if (reason === null) sources.push(source);
      // Files such as Debian's placeholder, and folders beside crontabs, need no mention.
      else if (!entry.name.startsWith('.') && !(place.user && entry.type === 'directory'))
        ignored.push({ path: source.path, reason });
    }
  }
  return { ok: true, sources, ignored };
}

type Entry = Pick<FileRecord, 'name' | 'type' | 'uid' | 'links'> & { readonly folder: string };

function sourceOf(
  { folder, name, type, uid, links }: Entry,
  user: boolean,
  setting: CronSetting,
): { source: Source; reason: string | null } {
  const kind = user ? 'user' : kindOfSystemFile(`/${name}`);
  const source = { path: `${folder}/${name}`, kind, owner: user ? name : 'root' } as const;
  const sort = typeProblem(type, uid, kind, setting.flavour);
  if (!isCronsOwn(source.path)) return { source, reason: type === 'symlink' ? null : sort };
  return {
    source,
    reason:
      nameProblem(folder, name, kind, setting) ??
      ownerProblem(source.owner, kind, setting) ??
      sort ??
      (type === 'file' ? linksProblem(links, kind, setting.flavour) : null),
  };
}

/**
 * What a folder holds; `folder` is its device and inode, null where it does not exist, or is a file where one may
 * stand. A folder of users' crontabs that is a link is not taken for an empty one: the message says to name the folder
 * itself.
 */
async function entriesOf(
  host: Host,
  at: string,
  none: readonly string[],
): Promise<{ readonly ok: true; readonly folder: string | null; readonly entries: readonly Entry[] } | Blind> {
  const list = await host.files.list({ in: at }, { sample: MOST_FILES });
  if (!list.ok) return none.includes(list.code) ? { ok: true, folder: null, entries: [] } : blind(at, list);
  if (list.count > list.sample.length)
    return { ok: false, reason: `${at} holds ${list.count} files, more than ${MOST_FILES}` };
  const entries = list.sample
    .map((record) => ({ ...record, folder: at }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { ok: true, folder: `${list.handle.device}:${list.handle.inode}`, entries };
}

/**
 * A crontab that is named itself, such as /etc/crontab: a link there must be root's as well. Nothing, where there is
 * none.
 */
async function itself(host: Host, path: string): Promise<readonly Entry[]> {
  const cut = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, cut), path.slice(cut + 1)];
  const list = await host.files.list(
    { in: folder || '/', name: `^${name.replaceAll(/[^\w-]/g, '\\$&')}$` },
    { sample: 1 },
  );
  // A folder that cannot be listed is read by its name, and reported if that fails too.
  if (!list.ok) return [{ folder, name, type: 'file', uid: 0, links: 1 }];
  return list.sample.map((record) => ({ ...record, folder }));
}

function blind(path: string, failure: { readonly code: string; readonly message: string }): Blind {
  const advice = failure.code === 'EACCES' || failure.code === 'EPERM' ? '; run as root' : '';
  return { ok: false, reason: `cannot read ${unreadable(path, failure)}${advice}` };
}

// ---------------------------------------------------------------- what is in them

/** What cron does not read either. */
const NO_CRONTAB: Readonly<Record<string, string>> = {
  ELOOP: 'it is a link that another user made',
  'not-regular': 'it is no regular file',
};

async function readSources(
  host: Host,
  { sources, ignored }: Sources,
  arg: Arg,
  setting: CronSetting,
): Promise<(CronJobsFound & { ok: true }) | Blind> {
  const contents = await host.files.read(sources.map((source) => source.path));
  const selector = jobSelector(arg);
  const found = { jobs: [] as FoundJob[], files: [] as FoundCrontab[], ignored: [...ignored] };
  for (const [index, source] of sources.entries()) {
    const content = contents[index];
    if (!content?.ok) {
      const reason = content && NO_CRONTAB[content.code];
      if (reason !== undefined) found.ignored.push({ path: source.path, reason });
      else if (content && content.code !== 'ENOENT') return blind(source.path, content);
      continue;
    }
    const reason = problemOf(source, content, setting);
    if (reason !== null) found.ignored.push({ path: source.path, reason });
    else readCrontab(found, source, content, { selector, setting });
  }
  return { ok: true, ...found };
}

function problemOf(
  { path, kind, owner }: Source,
  content: FileContent & { ok: true },
  setting: CronSetting,
): string | null {
  if (!isCronsOwn(path)) return null;
  const { mode, uid, links } = content;
  return fileProblem({ path, kind, owner, text: latin1Of(content.bytes), mode, uid, links }, setting);
}

function readCrontab(
  found: { readonly jobs: FoundJob[]; readonly files: FoundCrontab[] },
  source: Source,
  content: FileContent & { ok: true },
  { selector, setting }: { readonly selector: ReturnType<typeof jobSelector>; readonly setting: CronSetting },
): void {
  const file = { path: source.path, kind: source.kind, owner: source.owner, hash: content.hash };
  const reading = isCronsOwn(source.path) ? readingOf(setting) : {};
  const jobs = jobsOf(parseCrontab(latin1Of(content.bytes), source.kind, reading), source.owner);
  found.files.push(file);
  found.jobs.push(...jobs.filter((job) => selects(selector, job)).map((job) => foundJob(file, job)));
}

// ---------------------------------------------------------------- the finding

function findingOf(found: CronJobsFound, there: ClockThere, suspicion: Suspicion | null): Finding {
  const { files, ignored } = found;
  const suspected = suspicion && suspectsIn(found.jobs, suspicion, there);
  const jobs = suspected?.jobs ?? found.jobs;
  const holders = new Set(jobs.map((job) => job.file)).size;
  const mailed = jobs.filter((job) => job.mailed).length;
  const rate = jobs.reduce((sum, job) => sum + rateOf(job, there), 0);
  const users = new Set(jobs.map((job) => job.user)).size;
  return {
    summary: `${plural(jobs.length, 'job')} in ${plural(holders, 'crontab')}, the output of ${mailed} is mailed${suspected ? suspected.say : ''}`,
    measures: { count: jobs.length, mailed, files: holders, users, others: suspected?.others ?? 0, per_minute: rate },
    detail: {
      jobs: jobs.map((job) => ({ ...job })),
      files: files.map((file) => ({ ...file })),
      ignored: ignored.map((file) => ({ ...file })),
      ...(suspected?.suspicion && { suspicion: suspicionJson(suspected.suspicion) }),
    },
    blocks: [...jobsBlock(jobs), ...ignoredBlock(ignored)],
  };
}

/** If nothing points at one of the jobs, any of them may be the cause: then all of them count. */
function suspectsIn(all: readonly FoundJob[], given: Suspicion, there: ClockThere) {
  const suspicion = narrowedTo(given, all);
  const jobs = all.filter((job) => isSuspect(suspicion, job, there));
  if (jobs.length === 0)
    return {
      suspicion: null,
      jobs: all,
      others: 0,
      say: '; no mail and no mailer points at one of them, so each may be it',
    };
  const others = all.length - jobs.length;
  const say =
    others === 0
      ? ''
      : `; ${plural(others, 'other')} left alone: no mail of theirs lies there, no hung mailer can be theirs`;
  return { suspicion, jobs, others, say };
}

function rateOf(job: FoundJob, { now, offset }: ClockThere): number {
  const schedule = job.kind === 'anacron' ? null : parseSchedule(job.schedule);
  return schedule === null || typeof schedule === 'string' ? 0 : perMinute(schedule, now, offset);
}

function jobsBlock(jobs: readonly FoundJob[]): readonly Block[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map((job) => [
    `${job.file}:${job.line}`,
    job.schedule,
    job.user,
    job.mailed ? (job.mailTo ?? '') : '-',
    job.command,
  ]);
  return [{ kind: 'table', title: 'cron jobs', columns: ['where', 'schedule', 'user', 'mails to', 'command'], rows }];
}

function ignoredBlock(ignored: CronJobsFound['ignored']): readonly Block[] {
  return ignored.length === 0
    ? []
    : [{ kind: 'text', lines: ignored.map(({ path, reason }) => `cron ignores ${path}: ${reason}`) }];
}

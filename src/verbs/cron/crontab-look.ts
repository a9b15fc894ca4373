import type { Failure, FileContent, Host } from '../../model/host.ts';
import { latin1Of, shownText } from '../../model/text/bytes.ts';
import { type CronJob, installProblem, jobsOf, parseCrontab, syntaxProblem, withoutHeader } from './crontab.ts';
import { type CrontabChange, type CrontabEdit, editCrontab } from './crontab-edit.ts';
import { type CrontabTarget, folderOf } from './crontab-files.ts';
import { type jobSelector, selects, unreadable } from './jobs.ts';
import { fileProblem, isCronsOwn, readingOf } from './places.ts';
import { cronSetting } from './setting.ts';
import { type ClockThere, isSuspect, type Suspicion } from './suspects.ts';

/** What is to be done to each crontab, and what can be known beforehand of whether it can be done. */

export interface Order {
  readonly files: readonly CrontabTarget[];
  readonly selector: ReturnType<typeof jobSelector>;
  /** The mail and the mailers by which the jobs were chosen; null: only the selector was used. */
  readonly suspicion: Suspicion | null;
  readonly there: ClockThere;
  readonly change: CrontabChange;
  readonly installWith: string;
  readonly refused: 'stop' | 'leave';
}

export interface Looked {
  readonly target: CrontabTarget;
  readonly bytes: string;
  readonly before: string;
  readonly jobs: readonly CronJob[];
  readonly chosen: ReadonlySet<number>;
  readonly edit: CrontabEdit;
  /** Why crontab(1) would not install it; null where it would, or is not asked. */
  readonly why: string | null;
  /** Why cron would ignore the file once it is edited. */
  readonly spoilt: string | null;
}

/**
 * Chooses the jobs again: a line that has moved is found, a new job is included. Jobs that cron ignores by now are left
 * out.
 */
export async function lookAtCrontabs(
  host: Host,
  order: Order,
): Promise<{ readonly files: readonly Looked[]; readonly asides: readonly string[] } | string> {
  const contents = await host.files.read(order.files.map((file) => file.path));
  const setting = await cronSetting(host);
  const files: Looked[] = [];
  const asides: string[] = [];
  for (const [index, file] of order.files.entries()) {
    const content = contents[index];
    if (!content?.ok && content && content.code !== 'ENOENT') return unreadable(file.path, content);
    if (!content?.ok) continue;
    const ignored = isCronsOwn(file.path)
      ? fileProblem({ ...file, ...content, text: latin1Of(content.bytes) }, setting)
      : null;
    if (ignored !== null) asides.push(`left as it is, cron ignores it: ${file.path}: ${ignored}`);
    else files.push(lookInto(file, content, order, setting));
  }
  asides.push(
    ...files.flatMap(({ target, edit, why }) =>
      why && edit.edits.length > 0 ? [`replaced where it lies: ${target.path}: ${why}`] : [],
    ),
  );
  return { files, asides };
}

type Setting = Awaited<ReturnType<typeof cronSetting>>;

function lookInto(file: CrontabTarget, content: FileContent & { ok: true }, order: Order, setting: Setting): Looked {
  const before = latin1Of(content.bytes);
  const reading = isCronsOwn(file.path) ? readingOf(setting) : {};
  const tab = parseCrontab(before, file.kind, reading);
  const jobs = jobsOf(tab, file.owner);
  const isChosen = (job: CronJob) =>
    selects(order.selector, job) &&
    (!order.suspicion ||
      isSuspect(order.suspicion, { ...job, command: shownText(job.command), kind: file.kind }, order.there));
  const chosen = new Set(jobs.filter(isChosen).map((job) => job.line));
  const edit = editCrontab(before, tab, file.owner, chosen, order.change);
  const after = parseCrontab(edit.text, file.kind, reading);
  const why =
    order.installWith === 'crontab' && isCronsOwn(file.path) ? notInstallable(file, edit.text, setting) : null;
  const target = { ...file, hash: content.hash, ...(why !== null && { how: 'in-place' as const }) };
  const spoilt = tab.flavour === 'debian' ? syntaxProblem(after) : null;
  return { target, bytes: content.bytes, before, jobs, chosen, edit, why, spoilt };
}

/**
 * crontab(1) is stricter than cron: it refuses users in cron.deny and some files that cron accepts. Null: it would
 * install the file.
 */
function notInstallable({ kind, owner }: CrontabTarget, text: string, setting: Setting): string | null {
  if (kind !== 'user') return null;
  if (!setting.mayUseCrontab(owner)) return `crontab does not serve ${owner} (cron.allow, cron.deny)`;
  const problem = installProblem(parseCrontab(withoutHeader(text), kind, readingOf(setting)));
  return problem === null ? null : `crontab would refuse it, cron takes it: ${problem}`;
}

/**
 * By path, why a file cannot be written, as far as that can be known without a fork or an inode: `crontab -n` says
 * nothing of it, `crontab -` needs both.
 */
export async function obstaclesOf(host: Host, files: readonly Looked[]): Promise<ReadonlyMap<string, string>> {
  const throughCrontab = files.filter(({ target }) => target.kind === 'user' && target.how !== 'in-place');
  const folders = new Set(throughCrontab.map(({ target }) => folderOf(target.path)));
  const paths = [...files.map(({ target }) => target.path), ...folders];
  const told = await host.files.writable(paths);
  const failures = new Map(
    paths.flatMap((path, index) => (told[index]?.ok === false ? [[path, told[index]] as const] : [])),
  );
  const found = new Map<string, string>();
  for (const { target, spoilt } of files) {
    const failed =
      failures.get(target.path) ??
      (throughCrontab.some((file) => file.target === target) ? failures.get(folderOf(target.path)) : undefined);
    if (failed) found.set(target.path, `${saidOf(target.path, failed)}${adviceOf(failed)}`);
    else if (spoilt !== null)
      found.set(target.path, `${target.path}: cron would ignore it once it is edited: ${spoilt}`);
  }
  return found;
}

/** The path once, and the folder's where it is the folder. */
const saidOf = (path: string, { message }: Failure): string =>
  message.startsWith(`${path}: `) ? message : `${path}: ${message}`;

function adviceOf({ code, message }: Failure): string {
  const path = message.slice(0, message.lastIndexOf(': '));
  if (code === 'EPERM') return `; if it is immutable (lsattr -d ${path}): chattr -ia ${path}`;
  return code === 'EACCES' ? '; run as root' : '';
}

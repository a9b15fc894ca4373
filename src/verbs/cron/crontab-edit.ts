import { latin1OfText, shownText } from '../../model/text/bytes.ts';
import {
  type CronJob,
  type Crontab,
  type CrontabLine,
  commandOf,
  cronEscaped,
  type JobLine,
  jobsOf,
  parseCrontab,
  splitCommand,
} from './crontab.ts';
import { dialectOf, silenced } from './shell-output.ts';

/** What to do to a crontab's chosen jobs. */
export type CrontabChange =
  | { readonly kind: 'set'; readonly name: string; readonly value: string }
  | { readonly kind: 'redirect' };

/** One line put in above `line`, or put in its place; numbers are those of the text before. */
export interface CrontabLineEdit {
  readonly line: number;
  readonly how: 'insert' | 'replace';
  /** Without its newline. */
  readonly text: string;
}

export interface CrontabEdit {
  readonly text: string;
  readonly edits: readonly CrontabLineEdit[];
  /** Chosen jobs that stay as they are, and why. */
  readonly refused: readonly { readonly line: number; readonly reason: string }[];
}

/**
 * Debian's cron reads at most this much of a command and of an assignment; what is longer is cut, so it is refused
 * here.
 */
const LONGEST = 998;

/** The text is latin1. Only the chosen lines are touched, and only what is needed: a second time changes nothing. */
export function editCrontab(
  text: string,
  tab: Crontab,
  owner: string,
  chosen: ReadonlySet<number>,
  change: CrontabChange,
): CrontabEdit {
  const jobs = new Map(jobsOf(tab, owner).map((job) => [job.line, job]));
  const { edits, refused } =
    change.kind === 'redirect' ? redirectJobs(tab, jobs, chosen) : setVariable(tab, jobs, chosen, change);
  return refused.length > 0 && change.kind === 'set'
    ? { text, edits: [], refused }
    : { text: applyEdits(tab, edits), edits, refused };
}

type Edits = Pick<CrontabEdit, 'edits' | 'refused'>;
type Jobs = ReadonlyMap<number, CronJob>;

function applyEdits(tab: Crontab, edits: readonly CrontabLineEdit[]): string {
  const inserts = new Map(edits.filter((edit) => edit.how === 'insert').map((edit) => [edit.line, edit.text]));
  const replaces = new Map(edits.filter((edit) => edit.how === 'replace').map((edit) => [edit.line, edit.text]));
  return tab.lines
    .map((line) => {
      const above = inserts.get(line.number);
      return `${above === undefined ? '' : `${above}\n`}${replaces.get(line.number) ?? line.text}${line.end}`;
    })
    .join('');
}

// ---------------------------------------------------------------- silence: redirect

function redirectJobs(tab: Crontab, jobs: Jobs, chosen: ReadonlySet<number>): Edits {
  const edits: CrontabLineEdit[] = [];
  const refused: { line: number; reason: string }[] = [];
  for (const line of tab.lines) {
    const job = jobs.get(line.number);
    if (line.kind !== 'job' || !job || !chosen.has(line.number)) continue;
    const result = redirectJob(tab, line, job);
    if (!result.ok) refused.push({ line: line.number, reason: result.reason });
    else if (result.text !== line.text) edits.push({ line: line.number, how: 'replace', text: result.text });
  }
  return { edits, refused };
}

function redirectJob(tab: Crontab, line: JobLine, job: CronJob): ReturnType<typeof silenced> {
  if (tab.kind === 'anacron' && line.text.endsWith('\\')) return { ok: false, reason: 'it goes on in the next line' };
  const command = line.text.slice(line.commandAt);
  const { shellPart } = splitCommand(command, tab.kind);
  // The shell reads the line as cron passes it on. If cron changes more than `\%`, the line is written again from what
  // the shell gets.
  const cooked = commandOf(shellPart, tab.kind);
  const raw = tab.kind === 'anacron' || shellPart.replaceAll('\\%', '%') === cooked;
  const result = silenced(raw ? shellPart : cooked, dialectOf(job.shell));
  if (!result.ok) return result;
  const text = (raw ? result.text : cronEscaped(result.text)) + command.slice(shellPart.length);
  if (text.length > LONGEST && text !== command)
    return { ok: false, reason: `its command would be longer than the ${LONGEST} bytes that cron reads` };
  return { ok: true, text: line.text.slice(0, line.commandAt) + text };
}

// ---------------------------------------------------------------- set_env

/**
 * Walks down the file with two values of the variable: the old one and the new one at this line. An assignment is
 * inserted where a chosen job would not get the wanted value, or where another job would lose its own. It stands above
 * the first of the jobs that share it; jobs whose output never reaches cron's mail do not matter.
 */
function setVariable(
  tab: Crontab,
  jobs: Jobs,
  chosen: ReadonlySet<number>,
  change: CrontabChange & { kind: 'set' },
): Edits {
  const { name, value } = change;
  const edits: CrontabLineEdit[] = [];
  const refused: { line: number; reason: string }[] = [];
  let original: string | undefined;
  let now: string | undefined;
  let slot: CrontabLine | undefined;
  for (const line of tab.lines) {
    if (line.kind === 'variable' && line.name === name) {
      original = line.value;
      now = original;
      slot = undefined;
    }
    const job = jobs.get(line.number);
    if (!job) continue;
    slot ??= line;
    const isChosen = chosen.has(line.number);
    if (!isChosen && name === 'MAILTO' && !job.prints) continue;
    const wanted = isChosen
      ? latin1OfText(value)
      : original === undefined && now !== undefined && name === 'MAILTO'
        ? job.user
        : original;
    if (wanted !== now) {
      const text = wanted === undefined ? null : assignment(tab, name, wanted, slot);
      if (text === null) refused.push({ line: line.number, reason: cannotAssign(name, wanted) });
      else edits.push({ line: slot.number, how: 'insert', text });
      now = wanted;
    }
    slot = undefined;
  }
  return { edits, refused };
}

function cannotAssign(name: string, wanted: string | undefined): string {
  if (wanted === undefined) return `it is not chosen, and ${name} cannot be unset again above it`;
  return `cron has no way to write ${name} with the value ${JSON.stringify(shownText(wanted))}`;
}

/**
 * The assignment in the form of this kind of file; null if the file has no form for it. It is checked by reading it
 * back.
 */
function assignment(tab: Crontab, name: string, value: string, above: CrontabLine): string | null {
  const ending = above.text.endsWith('\r') ? '\r' : '';
  // Debian's cron refuses an unquoted empty value, anacron takes quotes as part of the value.
  const ways =
    tab.kind === 'anacron'
      ? [`${name}=${value}`]
      : [`${name}="${value}"${ending}`, `${name}='${value}'${ending}`, `${name}=${value}${ending}`];
  return ways.find((text) => text.length <= LONGEST && readsAs(tab, text, name, value)) ?? null;
}

function readsAs(tab: Crontab, text: string, name: string, value: string): boolean {
  const lines = parseCrontab(`${text}\n`, tab.kind, { flavour: tab.flavour }).lines;
  const [line] = lines;
  return lines.length === 1 && line?.kind === 'variable' && line.name === name && line.value === value;
}

import { parseSchedule } from './schedule.ts';
import { dialectOf, prints } from './shell-output.ts';

/**
 * A crontab, line by line and byte by byte (latin1, see bytes.ts): what is not changed comes out as it went in.
 * Sources: crontab(5), cron(8) and `crontab -` of Debian's cron 3.0pl1-162 (tried line by line), cronie's env.c, entry.c and anacron/readtab.c.
 */
export type CrontabKind = 'user' | 'system' | 'anacron';

interface BaseLine {
  /** From 1. */
  readonly number: number;
  /** Without its newline; a carriage return stays, cron takes it as part of the line. */
  readonly text: string;
  readonly end: '\n' | '';
}
export interface VariableLine extends BaseLine {
  readonly kind: 'variable';
  readonly name: string;
  readonly value: string;
}
export interface JobLine extends BaseLine {
  readonly kind: 'job';
  /** The five fields or the @word; of anacron `1 5 cron.daily`. */
  readonly schedule: string;
  /** The user column of a system crontab. */
  readonly user: string | null;
  /** Where the command starts in `text`. */
  readonly commandAt: number;
}
export type CrontabLine =
  | (BaseLine & { readonly kind: 'blank' | 'comment' })
  /** anacron joins lines that end in a backslash: this one belongs to the line above. */
  | (BaseLine & { readonly kind: 'continuation' })
  | VariableLine
  | JobLine
  /** cron does not understand it. Debian's cron then ignores the whole file, cronie the line. */
  | (BaseLine & { readonly kind: 'bad'; readonly reason: string });

export interface Crontab {
  readonly kind: CrontabKind;
  readonly lines: readonly CrontabLine[];
}

/** A job with what is in force at its line. */
export interface CronJob {
  readonly line: number;
  readonly schedule: string;
  readonly user: string;
  /** What the shell gets: up to the first unescaped `%`, with `\%` read as `%`. */
  readonly command: string;
  /** The job's standard input: what follows the first unescaped `%`, as it stands in the file. */
  readonly input: string | null;
  readonly shell: string;
  /** Null: MAILTO is set and empty, nobody gets mail. */
  readonly mailTo: string | null;
  /** It may write to the output that cron mails: false only where that is certain. */
  readonly prints: boolean;
  /** Its output, if it prints any, is mailed. */
  readonly mailed: boolean;
}

const WORD = String.raw`@[^ \t]+`;
const FIELDS = String.raw`[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+`;
// A leading `-` keeps the job out of cronie's log (system crontabs and root's); Debian's cron refuses it, see syntaxProblem.
const USER_JOB = new RegExp(`^([ \\t]*-?)(${WORD}|${FIELDS})([ \\t]+|$)`);
const SYSTEM_JOB = new RegExp(`^([ \\t]*-?)(${WORD}|${FIELDS})([ \\t]+)([^ \\t]+)([ \\t]+)`);
const ANACRON_JOB = /^([ \t]*)((?:\d+|@[^ \t]+)[ \t]+\d+[ \t]+[^ \t/]+)([ \t]+)(?=[^ \t])/;
const ANACRON_VARIABLE = /^[ \t]*([^ \t=]+)[ \t]*=(.*)$/s;

export function parseCrontab(text: string, kind: CrontabKind): Crontab {
  const pieces = text.split('\n');
  const last = pieces.pop() ?? '';
  const bases: BaseLine[] = pieces.map((piece, index) => ({ number: index + 1, text: piece, end: '\n' }));
  if (last !== '') bases.push({ number: bases.length + 1, text: last, end: '' });
  const lines: CrontabLine[] = [];
  for (const base of bases) lines.push(parseLine(base, kind, lines.at(-1)));
  return { kind, lines };
}

export function printCrontab(tab: Crontab): string {
  return tab.lines.map((line) => line.text + line.end).join('');
}

function parseLine(base: BaseLine, kind: CrontabKind, above: CrontabLine | undefined): CrontabLine {
  if (kind === 'anacron' && above?.text.endsWith('\\')) return { ...base, kind: 'continuation' };
  if (/^[ \t]*$/.test(base.text)) return { ...base, kind: 'blank' };
  if (/^[ \t]*#/.test(base.text)) return { ...base, kind: 'comment' };
  const variable = kind === 'anacron' ? anacronVariable(base.text) : cronVariable(base.text);
  if (variable) return { ...base, kind: 'variable', ...variable };
  return parseJob(base, kind);
}

function parseJob(base: BaseLine, kind: CrontabKind): CrontabLine {
  const match = { user: USER_JOB, system: SYSTEM_JOB, anacron: ANACRON_JOB }[kind].exec(base.text);
  const schedule = match?.[2] ?? '';
  const reason = kind === 'anacron' ? (match ? null : 'invalid syntax') : refusal(base.text, schedule, match !== null);
  if (!match || reason !== null) return { ...base, kind: 'bad', reason: reason ?? 'bad command' };
  const user = kind === 'system' ? (match[4] ?? null) : kind === 'anacron' ? 'root' : null;
  return { ...base, kind: 'job', schedule, user, commandAt: match[0].length };
}

function refusal(text: string, schedule: string, matched: boolean): string | null {
  const parsed = parseSchedule(matched ? schedule : text.replace(/^[ \t]*-?/, ''));
  if (typeof parsed === 'string') return parsed;
  // Blanks and tabs only: a carriage return is a command to cron.
  const behind = text.slice(text.indexOf(schedule) + schedule.length).replace(/^[ \t]+/, '');
  // After an @word without a command cron reads on in the next line; a star is a field too many, a typo that cron catches.
  const wrong = !matched || behind.startsWith('*') || (behind === '' && schedule.startsWith('@'));
  return wrong ? 'bad command' : null;
}

/**
 * `NAME=value` as cron's load_env reads it: blanks around `=`, quotes around either side, nothing behind a closing quote.
 * An unquoted empty value (`MAILTO=`) is none: Debian's cron takes the line for a job and refuses it.
 */
function cronVariable(text: string): { readonly name: string; readonly value: string } | null {
  const match = /^[ \t]*(?![ \t])(?:"([^"=]*)"|'([^'=]*)'|((?:(?!["'])[^\s=][^\s=]*)?))\s*=\s*(\S.*)$/s.exec(text);
  if (!match) return null;
  const name = match[1] ?? match[2] ?? match[3] ?? '';
  const rest = (match[4] ?? '').trimEnd();
  const quote = rest[0];
  if (quote !== '"' && quote !== "'") return { name, value: rest };
  return rest.indexOf(quote, 1) === rest.length - 1 && rest.length > 1 ? { name, value: rest.slice(1, -1) } : null;
}

/** anacron knows no quotes: `MAILTO=""` would mail to somebody called `""`, and `MAILTO=` is what switches mail off. */
function anacronVariable(text: string): { readonly name: string; readonly value: string } | null {
  const match = ANACRON_VARIABLE.exec(text);
  return match ? { name: match[1] ?? '', value: match[2] ?? '' } : null;
}

/** The jobs, with the variables in force at each line. `owner`: whose crontab it is; system files name the user in each line. */
export function jobsOf(tab: Crontab, owner: string): readonly CronJob[] {
  const variables = new Map<string, string>();
  const jobs: CronJob[] = [];
  for (const line of tab.lines) {
    if (line.kind === 'variable') variables.set(line.name, line.value);
    if (line.kind === 'job') jobs.push(jobOf(tab.kind, line, owner, variables));
  }
  return jobs;
}

function jobOf(kind: CrontabKind, line: JobLine, owner: string, variables: ReadonlyMap<string, string>): CronJob {
  const user = line.user ?? owner;
  const { shellPart, input } = splitCommand(line.text.slice(line.commandAt), kind);
  // anacron always takes /bin/sh (runjob.c), cron what SHELL says.
  const shell = kind === 'anacron' ? '/bin/sh' : (variables.get('SHELL') ?? '/bin/sh');
  const recipient = variables.get('MAILTO') ?? user;
  const mailTo = recipient === '' ? null : recipient;
  // The command of a continued line is not seen whole.
  const printing = line.text.endsWith('\\') || prints(shellPart, dialectOf(shell));
  const command = kind === 'anacron' ? shellPart : shellPart.replaceAll('\\%', '%');
  const { number, schedule } = line;
  return { line: number, schedule, user, command, input, shell, mailTo, prints: printing, mailed: printing && mailTo !== null };
}

/** Up to the first `%` that no backslash stands directly before; what follows is the job's input. anacron knows no `%`. */
export function splitCommand(text: string, kind: CrontabKind): { readonly shellPart: string; readonly input: string | null } {
  const percent = kind === 'anacron' ? -1 : text.search(/(?<!\\)%/);
  return percent < 0 ? { shellPart: text, input: null } : { shellPart: text.slice(0, percent), input: text.slice(percent + 1) };
}

/** Why Debian's cron would ignore the whole file; null where it takes it. cronie leaves out the line only. */
export function syntaxProblem(tab: Crontab): string | null {
  for (const line of tab.lines) {
    if (line.kind === 'bad') return `line ${line.number}: ${line.reason}`;
    if (line.kind === 'job' && /^[ \t]*-/.test(line.text)) return `line ${line.number}: bad minute`;
  }
  const last = tab.lines.at(-1);
  return last?.end === '' && tab.kind !== 'anacron' ? `line ${last.number}: missing newline before the end of the file` : null;
}

const HEADER = /^# DO NOT EDIT THIS FILE[^\n]*\n# \([^\n]*\n# \(Cron version[^\n]*\n/;

/**
 * The three lines that Debian's `crontab` puts above what it installs. `crontab -l` hides them; a file given back with them
 * would carry them twice, so they are left out of what is installed and of every comparison.
 */
export function withoutHeader(text: string): string {
  return text.replace(HEADER, '');
}

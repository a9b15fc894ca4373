import type { Flavour } from '../../model/text/schedule.ts';
import { type Reading, readEntry, skipBlanks } from './reader.ts';
import { dialectOf, prints } from './shell-output.ts';

/**
 * A crontab, line by line and byte by byte (latin1, see bytes.ts): what is not changed comes out as it went in.
 * Sources: crontab(5), cron(8) and `crontab -` of Debian's cron 3.0pl1-162 (tried line by line), cronie's env.c,
 * entry.c and anacron/readtab.c.
 */
export type CrontabKind = 'user' | 'system' | 'anacron';

interface BaseLine {
  /** From 1. */
  readonly number: number;
  /** Without its newline; a carriage return stays, cron takes it as part of the line. */
  readonly text: string;
  /** A NUL ends an assignment or a command like a newline: cron goes on behind it as on a new line. */
  readonly end: '\n' | '\0' | '';
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
  readonly flavour: Flavour;
}

/** A job, with the variables that are set at its line. */
export interface CronJob {
  readonly line: number;
  readonly schedule: string;
  readonly user: string;
  /** What the shell gets: up to the first unescaped `%`, with `\%` read as `%` and `\\` as `\`. */
  readonly command: string;
  /** The job's standard input: what follows the first unescaped `%`, as it stands in the file. */
  readonly input: string | null;
  readonly shell: string;
  /** Null: nobody gets mail, because MAILTO is empty or no address that cron accepts. */
  readonly mailTo: string | null;
  /** Whether it may print something that cron mails. False only if it certainly does not. */
  readonly prints: boolean;
  /** Its output, if it prints any, is mailed. */
  readonly mailed: boolean;
}

const ANACRON_JOB = /^([ \t]*)((?:\d+|@[^ \t]+)[ \t]+\d+[ \t]+[^ \t/]+)([ \t]+)(?=[^ \t])/;
const ANACRON_VARIABLE = /^[ \t]*([^ \t=]+)[ \t]*=(.*)$/s;

export function parseCrontab(text: string, kind: CrontabKind, reading: Reading = {}): Crontab {
  const lines: CrontabLine[] = [];
  for (let at = 0; at < text.length; ) {
    const line =
      kind === 'anacron'
        ? anacronLine(text, at, lines)
        : cronLine(text, at, lines.length + 1, kind === 'system', reading);
    lines.push(line);
    at += line.text.length + line.end.length;
  }
  return { kind, lines, flavour: reading.flavour ?? 'debian' };
}

export function printCrontab(tab: Crontab): string {
  return tab.lines.map((line) => line.text + line.end).join('');
}

/** From `at` to before `stop`; the last byte ends it. */
function baseOf(text: string, at: number, stop: number, number: number): BaseLine {
  const last = text[stop - 1];
  const end = last === '\n' || last === '\0' ? last : '';
  return { number, text: text.slice(at, stop - end.length), end };
}

function wholeLine(text: string, at: number, number: number): BaseLine {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? { number, text: text.slice(at), end: '' } : { number, text: text.slice(at, newline), end: '\n' };
}

function cronLine(text: string, at: number, number: number, system: boolean, reading: Reading): CrontabLine {
  const first = skipBlanks(text, at);
  if (first === text.length || text[first] === '\n') return { ...wholeLine(text, at, number), kind: 'blank' };
  if (text[first] === '#') return { ...wholeLine(text, at, number), kind: 'comment' };
  const { stop, ...entry } = readEntry(text, first, system, reading);
  if (entry.kind !== 'job') return { ...baseOf(text, at, stop, number), ...entry };
  return { ...baseOf(text, at, stop, number), ...entry, commandAt: entry.commandAt - at };
}

function anacronLine(text: string, at: number, above: readonly CrontabLine[]): CrontabLine {
  const base = wholeLine(text, at, above.length + 1);
  if (above.at(-1)?.text.endsWith('\\')) return { ...base, kind: 'continuation' };
  if (/^[ \t]*$/.test(base.text)) return { ...base, kind: 'blank' };
  if (/^[ \t]*#/.test(base.text)) return { ...base, kind: 'comment' };
  const variable = anacronVariable(base.text);
  if (variable) return { ...base, kind: 'variable', ...variable };
  const match = ANACRON_JOB.exec(base.text);
  if (!match) return { ...base, kind: 'bad', reason: 'invalid syntax' };
  return { ...base, kind: 'job', schedule: match[2] ?? '', user: 'root', commandAt: match[0].length };
}

/** anacron knows no quotes: `MAILTO=""` would mail to somebody called `""`, and `MAILTO=` is what switches mail off. */
function anacronVariable(text: string): { readonly name: string; readonly value: string } | null {
  const match = ANACRON_VARIABLE.exec(text);
  return match ? { name: match[1] ?? '', value: match[2] ?? '' } : null;
}

/**
 * The jobs, with the variables in force at each line. `owner`: whose crontab it is; system files name the user in each
 * line.
 */
export function jobsOf(tab: Crontab, owner: string): readonly CronJob[] {
  const variables = new Map<string, string>();
  const jobs: CronJob[] = [];
  for (const line of tab.lines) {
    if (line.kind === 'variable') variables.set(line.name, line.value);
    if (line.kind === 'job') jobs.push(jobOf(tab, line, owner, variables));
  }
  return jobs;
}

function jobOf(
  { kind, flavour }: Crontab,
  line: JobLine,
  owner: string,
  variables: ReadonlyMap<string, string>,
): CronJob {
  const user = line.user ?? owner;
  const { shellPart, input } = splitCommand(line.text.slice(line.commandAt), kind);
  // anacron always takes /bin/sh (runjob.c), cron what SHELL says.
  const shell = kind === 'anacron' ? '/bin/sh' : (variables.get('SHELL') ?? '/bin/sh');
  const recipient = variables.get('MAILTO');
  const mailTo = recipient === undefined ? user : mailable(recipient, kind, flavour) ? recipient : null;
  const command = commandOf(shellPart, kind);
  // The command of a continued line is not seen whole.
  const printing = (kind === 'anacron' && line.text.endsWith('\\')) || prints(command, dialectOf(shell));
  const { number, schedule } = line;
  return {
    line: number,
    schedule,
    user,
    command,
    input,
    shell,
    mailTo,
    prints: printing,
    mailed: printing && mailTo !== null,
  };
}

/**
 * cron accepts only few characters here, because a shell may see them: for `a@x, b@x` or `root # me` it logs UNSAFE
 * MAIL and mails nobody. An empty value means nobody too.
 */
function mailable(recipient: string, kind: CrontabKind, flavour: Flavour): boolean {
  if (kind === 'anacron') return recipient !== '';
  // Some of cronie's versions put variables in first.
  return (
    flavour === 'debian' ? /^[A-Za-z0-9][A-Za-z0-9@!:%.,_+=/-]*$/ : /^[A-Za-z0-9_$][A-Za-z0-9@!:%.,_+=/${}-]*$/
  ).test(recipient);
}

/**
 * Up to the first `%` that is not escaped; what follows is the job's input. A backslash escapes a backslash too: in
 * `\\%` the `%` is not escaped. anacron knows no `%`.
 */
export function splitCommand(
  text: string,
  kind: CrontabKind,
): { readonly shellPart: string; readonly input: string | null } {
  let end = 0;
  while (end < text.length && (kind === 'anacron' || text[end] !== '%'))
    end += text[end] === '\\' && kind !== 'anacron' ? 2 : 1;
  const shellPart = text.slice(0, end);
  return { shellPart, input: shellPart.length === text.length ? null : text.slice(shellPart.length + 1) };
}

/** What the shell is given: cron takes a backslash off `\%` and off `\\`. */
export function commandOf(shellPart: string, kind: CrontabKind): string {
  return kind === 'anacron' ? shellPart : shellPart.replaceAll(/\\([\\%])/g, '$1');
}

/** The other direction: adds only the backslashes that cron needs to give the shell this text. */
export function cronEscaped(command: string): string {
  return command.replaceAll(/%|\\(?=[\\%])/g, '\\$&');
}

const MOST_LINES = 10_000;
const HEADER_LINES = 3;

/** Why Debian's cron would ignore the whole file; null where it takes it. cronie leaves out the line only. */
export function syntaxProblem(tab: Crontab): string | null {
  if (tab.kind === 'anacron') return null;
  let newlines = 0;
  for (const line of tab.lines) {
    if (line.kind === 'bad') return `line ${line.number}: ${line.reason}`;
    newlines += line.text.split('\n').length - 1 + Number(line.end === '\n');
    const counted = line.kind === 'job' || line.kind === 'variable';
    if (counted && newlines > MOST_LINES + HEADER_LINES)
      return `line ${line.number}: the crontab is longer than ${MOST_LINES} lines`;
  }
  return null;
}

/** Why crontab(1) would not install it, though cron itself may take it; null where it would. */
export function installProblem(tab: Crontab): string | null {
  const newlines = tab.lines.filter((line) => line.end === '\n').length;
  return syntaxProblem(tab) ?? (newlines > MOST_LINES ? `it is longer than ${MOST_LINES} lines` : null);
}

const HEADER = /^# DO NOT EDIT THIS FILE[^\n]*\n# \([^\n]*\n# \(Cron version[^\n]*\n/;

/**
 * The three lines that Debian's `crontab` puts above what it installs. `crontab -l` hides them; a file given back with
 * them would carry them twice, so they are left out of what is installed and of every comparison.
 */
export function withoutHeader(text: string): string {
  return text.replace(HEADER, '');
}

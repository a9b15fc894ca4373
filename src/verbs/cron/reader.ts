import { type Flavour, fieldProblem, parseSchedule } from '../../model/text/schedule.ts';

/**
 * One entry of a crontab as cron's own reader takes it from the file: a stream of bytes in which a newline, or a NUL,
 * ends what it is just reading. Sources: env.c, entry.c and misc.c of Debian's cron 3.0pl1-162 and of cronie, each told
 * apart by what it did (test/lab/crontab-oddities.lab.ts).
 */
/** How a file is read. */
export interface Reading {
  readonly flavour?: Flavour;
  /** The names that the host knows; absent where nobody can tell. A system line of somebody else is no job. */
  readonly users?: ReadonlySet<string> | null;
}

/** `stop` is where cron reads on. */
type Entry =
  | { readonly kind: 'variable'; readonly name: string; readonly value: string; readonly stop: number }
  | {
      readonly kind: 'job';
      readonly schedule: string;
      readonly user: string | null;
      readonly commandAt: number;
      readonly stop: number;
    }
  | { readonly kind: 'bad'; readonly reason: string; readonly stop: number };

/** Debian's cron keeps so much of a line while it asks whether it is an assignment; what is longer is cut. */
const LONGEST_ASSIGNMENT = 998;
/** One byte more, and Debian's cron refuses the command, and so the file. */
export const LONGEST_COMMAND = 998;
export const UNTERMINATED = 'missing newline before the end of the file';

/** `at`: the first byte of a line that is neither blank nor a comment, behind its leading blanks. */
export function readEntry(text: string, at: number, system: boolean, reading: Reading): Entry {
  const end = endOf(text, at, '\n\0');
  if (end === text.length) return { kind: 'bad', reason: UNTERMINATED, stop: end };
  const debian = reading.flavour !== 'cronie';
  const assignment = readAssignment(
    debian ? text.slice(at, end).slice(0, LONGEST_ASSIGNMENT) : text.slice(at, end),
    debian,
  );
  return assignment ? { kind: 'variable', ...assignment, stop: end + 1 } : readJob(text, at, system, reading);
}

/** The index of the first of these, or the end of the text. */
function endOf(text: string, from: number, terminators: string): number {
  let at = from;
  while (at < text.length && !terminators.includes(text.charAt(at))) at += 1;
  return at;
}

export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

// ---------------------------------------------------------------- NAME=value

/**
 * Uses the blanks of isspace(3). JavaScript's \s contains more, such as the byte A0, which is the end of `à` in UTF-8.
 */
const ASSIGNMENT =
  /^(?:"([^"=]*)"|'([^'=]*)'|((?!["'])[^ \t\n\v\f\r=]+|))[ \t\n\v\f\r]*=[ \t\n\v\f\r]*([^ \t\n\v\f\r].*)$/s;

function withoutBlanksBehind(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\n\v\f\r'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/**
 * Blanks around `=`, quotes around either side, nothing behind a closing quote. `MAILTO=` is none: cron takes the line
 * for a job, and refuses it.
 */
function readAssignment(line: string, debian: boolean): { readonly name: string; readonly value: string } | null {
  const match = ASSIGNMENT.exec(line);
  if (!match) return null;
  const name = match[1] ?? match[2] ?? match[3] ?? '';
  const rest = withoutBlanksBehind(match[4] ?? '');
  const quote = rest[0];
  if (quote !== '"' && quote !== "'") return { name, value: rest };
  if (rest.length < 2 || rest.indexOf(quote, 1) !== rest.length - 1) return null;
  return { name, value: debian ? unquotedAgain(rest.slice(1, -1)) : rest.slice(1, -1) };
}

/**
 * Debian's cron cuts blanks at the end inside of the quotes too, and takes off a second pair of them: `MAILTO="'bob'"`
 * is bob.
 */
function unquotedAgain(value: string): string {
  const kept = withoutBlanksBehind(value);
  const quoted = kept.length > 1 && (kept[0] === '"' || kept[0] === "'") && kept.at(-1) === kept[0];
  return quoted ? kept.slice(1, -1) : kept;
}

// ---------------------------------------------------------------- a job

function readJob(text: string, at: number, system: boolean, reading: Reading): Entry {
  const debian = reading.flavour !== 'cronie';
  const bad = (reason: string): Entry => ({
    kind: 'bad',
    reason,
    stop: Math.min(text.length, endOf(text, at, '\n') + 1),
  });
  // It keeps the job out of cronie's log (system crontabs and root's); Debian's cron refuses it.
  const from = !debian && text[at] === '-' ? at + 1 : at;
  const fields = readFields(text, from, debian);
  if (typeof fields === 'string') return bad(fields);
  const named = system ? readUser(text, fields.stop, reading) : { user: null, stop: fields.stop };
  if (typeof named === 'string') return bad(named);
  // A star here is a sixth field, a mistake that cron finds. Only cronie complains about a missing command.
  if ((debian ? '*' : '*\n').includes(text[named.stop] ?? '\n') && (!system || !debian)) return bad('bad command');
  const end = endOf(text, named.stop, '\n\0');
  if (end === text.length) return bad('bad command');
  if (debian && end - named.stop > LONGEST_COMMAND) return bad('command too long');
  return { kind: 'job', schedule: fields.schedule, user: named.user, commandAt: named.stop, stop: end + 1 };
}

type Fields = { readonly schedule: string; readonly stop: number };

function readFields(text: string, from: number, debian: boolean): Fields | string {
  if (text[from] === '@') {
    const end = endOf(text, from, ' \t\n\0');
    const problem = parseSchedule(text.slice(from, end));
    return typeof problem === 'string' ? problem : { schedule: text.slice(from, end), stop: skipBlanks(text, end) };
  }
  let at = from;
  let end = from;
  for (let index = 0; index < 5; index += 1) {
    end = endOf(text, at, ' \t\n');
    const field = text.slice(at, end);
    at = skipBlanks(text, end);
    // Debian's reader holds the byte that follows in a signed char: FF is the end of the file to it.
    const problem = fieldProblem(debian && text[at] === '\xff' ? '' : field, index, debian ? 'debian' : 'cronie');
    if (problem !== null) return problem;
  }
  return { schedule: text.slice(from, end), stop: at };
}

/** A user name at the end of the line is no user: Debian's cron reads it together with the next line. */
function readUser(
  text: string,
  at: number,
  { flavour, users }: Reading,
): { readonly user: string; readonly stop: number } | string {
  const end = endOf(text, at, ' \t\n\0');
  if (end === text.length || text[end] === '\n') return flavour === 'cronie' ? 'bad command' : 'bad username';
  const user = text.slice(at, end);
  return user === '' || (users && !users.has(user)) ? 'bad username' : { user, stop: end + 1 };
}

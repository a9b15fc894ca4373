/**
 * When a crontab's line is due: the five fields and the @words of crontab(5), read as Debian's cron 3.0pl1 and cronie
 * read them. Pure: where the host's local time matters, its offset is passed in.
 */
export type Schedule =
  | { readonly kind: 'fields'; readonly fields: Fields }
  /** `@reboot`: due at no minute. */
  | { readonly kind: 'reboot' }
  /** Runs, but nobody can tell when: cronie's `0~59`, anacron's periods. */
  | { readonly kind: 'unpredictable' };

export interface Fields {
  readonly minute: ReadonlySet<number>;
  readonly hour: ReadonlySet<number>;
  readonly day: ReadonlySet<number>;
  readonly month: ReadonlySet<number>;
  /** 0 is Sunday; 7 has become 0. */
  readonly weekday: ReadonlySet<number>;
  /**
   * Both day fields are restricted: then either is enough (the note in crontab(5)). A field that merely starts with
   * `*`, such as `*` and a step, counts as unrestricted.
   */
  readonly eitherDay: boolean;
}

/** Minutes east of UTC at that instant (epoch milliseconds). */
export type Offset = (instant: number) => number;

export interface Window {
  readonly schedule: Schedule;
  /** Epoch milliseconds: after `from`, up to and including `to`. */
  readonly from: number;
  readonly to: number;
  /** At most so many. */
  readonly limit: number;
  readonly offset?: Offset;
}

const MINUTE = 60_000;
const LONGEST_WINDOW = 31 * 24 * 60 * MINUTE;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface FieldRange {
  readonly low: number;
  readonly high: number;
  readonly names: readonly string[];
}
const RANGES = {
  minute: { low: 0, high: 59, names: [] },
  hour: { low: 0, high: 23, names: [] },
  'day-of-month': { low: 1, high: 31, names: [] },
  month: { low: 1, high: 12, names: MONTHS },
  'day-of-week': { low: 0, high: 7, names: WEEKDAYS },
} as const satisfies Record<string, FieldRange>;
const FIELD_NAMES = Object.keys(RANGES) as (keyof typeof RANGES)[];

const WORDS: Readonly<Record<string, string>> = {
  yearly: '0 0 1 1 *',
  annually: '0 0 1 1 *',
  monthly: '0 0 1 * *',
  weekly: '0 0 * * 0',
  daily: '0 0 * * *',
  midnight: '0 0 * * *',
  hourly: '0 * * * *',
};

/** Which cron reads it. They agree on what people usually write; cronie refuses more. */
export type Flavour = 'debian' | 'cronie';

/** Why cron would refuse the field at this place, from 0, in cron's own words; null where it takes it. */
export function fieldProblem(text: string, index: number, flavour: Flavour): string | null {
  const name = FIELD_NAMES[index];
  return name !== undefined && parseField(text, RANGES[name], flavour) ? null : `bad ${name}`;
}

/** Five fields or an @word; a text says why cron would refuse it, in cron's own words ("bad minute"). */
export function parseSchedule(text: string, flavour: Flavour = 'debian'): Schedule | string {
  // Not trim(): to cron a form feed or a carriage return is no blank.
  const fields = text.replace(/^[ \t]+|[ \t]+$/g, '').split(/[ \t]+/);
  const first = fields[0] ?? '';
  if (first.startsWith('@')) return fields.length > 1 ? 'bad time specifier' : parseWord(first.slice(1));
  const sets: ReadonlySet<number>[] = [];
  for (const [index, name] of FIELD_NAMES.entries()) {
    const set = parseField(fields[index] ?? '', RANGES[name], flavour);
    if (set === undefined) return `bad ${name}`;
    sets.push(set);
  }
  if (fields.some((field) => field.includes('~'))) return { kind: 'unpredictable' };
  return { kind: 'fields', fields: fieldsOf(sets, fields) };
}

function parseWord(word: string): Schedule | string {
  if (word === 'reboot') return { kind: 'reboot' };
  const fields = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  return fields === undefined ? 'bad time specifier' : parseSchedule(fields);
}

function fieldsOf(sets: readonly ReadonlySet<number>[], texts: readonly string[]): Fields {
  const at = (index: number) => sets[index] ?? new Set<number>();
  const weekday = new Set([...at(4)].map((day) => day % 7));
  const eitherDay = !texts[2]?.startsWith('*') && !texts[4]?.startsWith('*');
  return { minute: at(0), hour: at(1), day: at(2), month: at(3), weekday, eitherDay };
}

/**
 * What follows the last element is skipped up to the next blank, as cron does (`*5` is `*`); a range that runs
 * backwards is empty, so never due. cronie takes neither behind a number. Debian's reader holds a byte in a signed
 * char: FF is the end of the file to it.
 */
function parseField(text: string, range: FieldRange, flavour: Flavour): ReadonlySet<number> | undefined {
  const set = new Set<number>();
  for (let rest = text; ; ) {
    const match = /^(?:(\*)|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:\/([0-9A-Za-z]+))?/.exec(rest);
    if (!match || !addElement(set, match, range, flavour)) return undefined;
    const next = rest[match[0].length];
    if ((next === '/' && match[4] === undefined) || (next === '-' && match[2] !== undefined && match[3] === undefined))
      return undefined;
    if (flavour === 'debian' ? next === '\xff' : !endsAsCronieWants(match, next)) return undefined;
    if (next !== ',') return set;
    rest = rest.slice(match[0].length + 1);
  }
}

function endsAsCronieWants([, star, , , step]: RegExpExecArray, next: string | undefined): boolean {
  return next === undefined || next === ',' || next === '~' || (star !== undefined && step === undefined);
}

function addElement(set: Set<number>, match: RegExpExecArray, range: FieldRange, flavour: Flavour): boolean {
  const [, star, low, high, step] = match;
  const from = star ? range.low : numberOf(low, range);
  const to = star ? range.high : high === undefined ? from : numberOf(high, range);
  const by = step === undefined ? 1 : /^\d+$/.test(step) ? atoi(step) : 0;
  if (from === undefined || to === undefined || by <= 0 || (flavour === 'cronie' && from > to)) return false;
  // A step needs a range: Debian's cron refuses `5/10`.
  if (step !== undefined && !star && high === undefined) return false;
  for (let value = from; value <= to; value += by) set.add(value);
  return true;
}

function numberOf(text: string | undefined, range: FieldRange): number | undefined {
  if (text === undefined) return undefined;
  const name = range.names.indexOf(text.toLowerCase());
  const value = name >= 0 ? name + range.low : /^\d+$/.test(text) ? atoi(text) : Number.NaN;
  return value >= range.low && value <= range.high ? value : undefined;
}

/** As C does it: `4294967296` is 0. */
function atoi(digits: string): number {
  const most = 2n ** 63n - 1n;
  const value = BigInt(digits.slice(0, 1000));
  return Number(BigInt.asIntN(32, value > most ? most : value));
}

/**
 * The minutes (epoch milliseconds of their start) at which the schedule was or will be due. Windows longer than 31 days
 * are cut to their last 31.
 */
export function dueMinutes(window: Window): readonly number[] {
  if (window.schedule.kind !== 'fields') return [];
  const offset = window.offset ?? localOffset;
  const found: number[] = [];
  const from = Math.max(window.from, window.to - LONGEST_WINDOW);
  for (
    let minute = (Math.floor(from / MINUTE) + 1) * MINUTE;
    minute <= window.to && found.length < window.limit;
    minute += MINUTE
  ) {
    if (isDue(window.schedule.fields, minute + offset(minute) * MINUTE)) found.push(minute);
  }
  return found;
}

/** `local`: epoch milliseconds shifted by the host's offset, so that the UTC getters read local time. */
function isDue(fields: Fields, local: number): boolean {
  const date = new Date(local);
  if (!fields.minute.has(date.getUTCMinutes()) || !fields.hour.has(date.getUTCHours())) return false;
  if (!fields.month.has(date.getUTCMonth() + 1)) return false;
  const day = fields.day.has(date.getUTCDate());
  const weekday = fields.weekday.has(date.getUTCDay());
  return fields.eitherDay ? day || weekday : day && weekday;
}

/** Minutes at which a line was due while cron was stopped, so did not run; `schedule` as it stands in the crontab. */
export function missedMinutes(window: Omit<Window, 'schedule'> & { readonly schedule: string }): readonly number[] {
  const schedule = parseSchedule(window.schedule);
  return typeof schedule === 'string' ? [] : dueMinutes({ ...window, schedule });
}

/** How often a minute the schedule is due, averaged over the day that follows `now`. */
export function perMinute(schedule: Schedule, now: number, offset: Offset = localOffset): number {
  const day = 1440;
  return dueMinutes({ schedule, from: now, to: now + day * MINUTE, limit: day, offset }).length / day;
}

/** The zone of the process that asks: right for the local host. */
export function localOffset(instant: number): number {
  return -new Date(instant).getTimezoneOffset();
}

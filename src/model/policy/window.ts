import type { Freeze, TimeWindow } from '../policy.ts';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** An instant on the clock of a zone. */
export interface LocalTime {
  /** `2026-11-23`. */
  readonly date: string;
  /** 0 is Sunday. */
  readonly day: number;
  /** After midnight. */
  readonly minute: number;
}

/** `zone` is an IANA name that `isZone` knows. A day on which clocks are set has the minutes that they show. */
export function localTime(at: number, zone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    day: (WEEKDAYS as readonly string[]).indexOf(parts.weekday?.toLowerCase() ?? ''),
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A window that closes on the next day is open on the evening of its day and on the morning after. */
export function isOpen(window: TimeWindow, at: number, zone: string): boolean {
  const { day, minute } = localTime(at, window.zone ?? zone);
  const { days, from, to } = window;
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

/** Both ends belong to it: a freeze to the 2nd of January lasts all of that day. */
export function isFrozen(freeze: Freeze, at: number, zone: string): boolean {
  const { date } = localTime(at, freeze.zone ?? zone);
  const after = isDay(freeze.from) ? date >= freeze.from : at >= Date.parse(freeze.from);
  const before = isDay(freeze.to) ? date <= freeze.to : at <= Date.parse(freeze.to);
  return after && before;
}

export function isDay(text: string): boolean {
  return text.length === '2026-12-20'.length;
}

/** `mon, tue 22:00 to 06:00`. */
export function sayWindow({ days, from, to, zone }: TimeWindow): string {
  const which = days.length === 7 ? 'every day' : days.map((day) => WEEKDAYS[day]).join(', ');
  return `${which} ${sayMinute(from)} to ${sayMinute(to)}${zone === null ? '' : ` ${zone}`}`;
}

/** `mon 18:05`. */
export function sayLocal(at: number, zone: string): string {
  const { day, minute } = localTime(at, zone);
  return `${WEEKDAYS[day]} ${sayMinute(minute)}`;
}

function sayMinute(minute: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

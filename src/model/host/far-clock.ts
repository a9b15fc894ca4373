import type { Host } from '../host.ts';
import { localOffset, type Offset } from '../text/schedule.ts';
import type { Clock } from '../verb.ts';

const QUARTER = 15 * 60_000;

/**
 * Ages are measured by the clock that made the time stamps: the host's. The time that passes here is measured by our
 * own clock, so the host need not be asked.
 */
export function clockOn({ farClock }: Host, clock: Clock): Clock {
  return farClock === undefined ? clock : { ...clock, now: () => clock.now() + farClock().ahead };
}

/** The zone that the host's cron lives in. */
export function offsetOn({ farClock }: Host): Offset {
  const zone = farClock?.().zone ?? null;
  return zone === null ? localOffset : zoneOffset(zone);
}

/** Minutes east of UTC. Clocks change only at a quarter of an hour, so one answer is valid for the whole quarter. */
function zoneOffset(zone: string): Offset {
  const parts = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...parts });
  const known = new Map<number, number>();
  return (instant) => {
    const from = Math.floor(instant / QUARTER) * QUARTER;
    const offset = known.get(from) ?? (shown(format, from) - from) / 60_000;
    known.set(from, offset);
    return offset;
  };
}

/** What the zone's clocks show, as if it were UTC. */
function shown(format: Intl.DateTimeFormat, instant: number): number {
  const { year, month, day, hour, minute } = Object.fromEntries(
    format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
  );
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute);
}

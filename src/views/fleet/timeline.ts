import type { FleetEvent } from '../../model/fleet/ports.ts';
import { plural, showDuration } from '../../model/text/quantity.ts';
import { endText } from './follow.ts';
import { groupsText, names } from './plan-words.ts';

/** One thing that happened to the fleet, in a sentence; what happened on a host, its own report tells. */
export interface FleetMoment {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Since the fleet run began, by the clock on the wall: it may have gone on after a reboot. */
  readonly offset: string;
  readonly host: string | null;
  readonly text: string;
}

export function fleetTimeline(events: readonly FleetEvent[]): readonly FleetMoment[] {
  const start = Date.parse(events[0]?.at ?? '');
  return events.flatMap((event) => {
    const told = tell(event);
    const after = Date.parse(event.at) - start;
    const offset = `+${showDuration(Number.isFinite(after) ? Math.max(0, after) : 0)}`;
    return told === null ? [] : [{ at: event.at, offset, ...told }];
  });
}

type Told = Pick<FleetMoment, 'host' | 'text'>;
const fleet = (text: string): Told => ({ host: null, text });

/** Null: not worth a line. */
function tell(event: FleetEvent): Told | null {
  switch (event.type) {
    case 'fleet.started':
      return fleet(`started by ${event.who}, ${event.mode}, on ${plural(event.hosts.length, 'host')}`);
    case 'fleet.resumed':
      return fleet(`taken up again by ${event.who} to ${event.to.replaceAll('-', ' ')}: ${names(event.hosts)}`);
    case 'fleet.planned':
      return fleet(`planned: ${groupsText(event.groups)}`);
    case 'batch.started':
      return fleet(`batch ${event.batch} of ${event.of}: ${names(event.hosts)}`);
    case 'host.finished':
      return { host: event.host, text: endText(event) };
    case 'host.rolled-back':
      return { host: event.host, text: `after its rollback ${endText(event)}` };
    case 'batch.finished':
      return fleet(
        `batch ${event.batch} is over${event.failed.length === 0 ? '' : `; failed: ${names(event.failed)}`}`,
      );
    case 'fleet.stopped':
      return fleet(
        `stopped: ${event.why}${event.notBegun.length === 0 ? '' : `; not begun: ${names(event.notBegun)}`}`,
      );
    case 'fleet.noted':
      return fleet(event.text);
    case 'fleet.finished':
      return fleet(`ended: ${event.outcome.replaceAll('-', ' ')}`);
    case 'host.started':
      return null;
    default:
      return unheardOf(event);
  }
}

function unheardOf(_: never): null {
  return null;
}

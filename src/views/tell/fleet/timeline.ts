import type { FleetEvent } from '../../../model/fleet/ports.ts';
import { showDuration } from '../../../model/text/quantity.ts';
import { tellFleetEvent } from './event.ts';
import type { Followed } from './follow.ts';

/** One thing that happened to the fleet, in a sentence; what happened on a host, its own report tells. */
export interface FleetMoment {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Since the fleet run began, by the clock on the wall: it may have gone on after a reboot. */
  readonly offset: string;
  readonly host: string | null;
  readonly text: string;
}

export function fleetTimeline(events: readonly FleetEvent[], now: Followed): readonly FleetMoment[] {
  const start = Date.parse(events[0]?.at ?? '');
  return events.flatMap((event) => {
    const { story } = tellFleetEvent(event, now);
    const after = Date.parse(event.at) - start;
    const offset = `+${showDuration(Number.isFinite(after) ? Math.max(0, after) : 0)}`;
    const host = event.type === 'host.finished' || event.type === 'host.rolled-back' ? event.host : null;
    return story === null ? [] : [{ at: event.at, offset, host, text: story }];
  });
}

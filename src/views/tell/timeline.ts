import type { RunEvent } from '../../model/event.ts';
import { apply, initialState } from '../../model/state.ts';
import { showDuration } from '../../model/text/quantity.ts';
import { tellEvent } from './event.ts';

/** One thing that happened, in a sentence. */
export interface TimelineEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Since the run began, by the monotonic clock: `+12 s`. */
  readonly offset: string;
  readonly step: string | null;
  readonly text: string;
}

/** What a person would tell of a run: not every event, but every decision, every change and every surprise. */
export function timelineOf(events: readonly RunEvent[]): readonly TimelineEntry[] {
  let start = events[0]?.mono ?? 0;
  let state = initialState;
  const brokenBefore = new Set<string>();
  return events.flatMap((event) => {
    // There may have been a reboot: then the monotonic clock started again, and only the wall clock went on.
    if (event.type === 'run.resumed')
      start = event.mono - (Date.parse(event.at) - Date.parse(events[0]?.at ?? event.at));
    const before = state;
    state = apply(state, event);
    const text = tellEvent(onceOnly(event, brokenBefore), { state, before })?.story ?? null;
    const step = 'step' in event && typeof event.step === 'string' ? event.step : null;
    const offset = `+${showDuration(Math.max(0, event.mono - start))}`;
    return text === null ? [] : [{ at: event.at, offset, step, text }];
  });
}

/** A line that broke is told once. */
function onceOnly(event: RunEvent, before: Set<string>): RunEvent {
  if (event.type !== 'watch.sampled') return event;
  const broken = event.broken.filter((line) => !before.has(`${event.standing} ${line}`));
  for (const line of broken) before.add(`${event.standing} ${line}`);
  return { ...event, broken };
}

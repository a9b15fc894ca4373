import type { EventOf, RunEvent } from '../model/event.ts';
import { sayCompared } from '../model/run/drift.ts';
import { plural, showDuration } from '../model/text/quantity.ts';
import { clockText } from './report/clock.ts';
import { brokenWords } from './watch-words.ts';

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
  const brokenBefore = new Set<string>();
  return events.flatMap((event) => {
    // Perhaps after a reboot: the monotonic clock began anew, the one on the wall went on.
    if (event.type === 'run.resumed')
      start = event.mono - (Date.parse(event.at) - Date.parse(events[0]?.at ?? event.at));
    const text = textOf(event, brokenBefore);
    const step = 'step' in event && typeof event.step === 'string' ? event.step : null;
    return text === null
      ? []
      : [{ at: event.at, offset: `+${showDuration(Math.max(0, event.mono - start))}`, step, text }];
  });
}

/** Null: not worth a line. */
function textOf(event: RunEvent, brokenBefore: Set<string>): string | null {
  switch (event.type) {
    case 'run.started':
      return `started by ${event.who}, ${event.mode}`;
    case 'run.resumed':
      return `taken up again by ${event.who} to ${event.to.replaceAll('-', ' ')}, ${event.mode}`;
    case 'probe.found':
      return `${event.truth === 'informs' ? 'seen' : event.truth}: ${event.finding.summary}`;
    case 'diagnosis.made':
      return [`diagnosis: ${event.verdict.replaceAll('-', ' ')}`, ...event.reasons].join('; ');
    case 'plan.compared':
      return `the plan holds: ${sayCompared(event.plan, event.drift)}`;
    case 'approval.given':
      return `${event.by} says ${event.choice}${because(event.reason)}`;
    case 'policy.decided':
      return event.decision.effect === 'allow' ? null : `policy: ${event.decision.effect}, ${event.decision.reason}`;
    case 'action.intended':
      return event.attempt > 1 ? `attempt ${event.attempt}` : null;
    case 'action.applied':
      return `${event.applied.outcome}: ${event.applied.summary}${because(event.applied.reason ?? null)}`;
    case 'step.finished':
      return event.outcome === 'done' || event.outcome === 'partial'
        ? null
        : `${event.outcome.replaceAll('-', ' ')}${because(event.reason)}`;
    case 'lease.armed':
      return `lease ${event.key} for ${showDuration(event.within)}: ${event.say}`;
    case 'lease.renewed':
      return `lease ${event.key} renewed until ${clockText(event.deadline.at)}`;
    case 'lease.released':
      return `lease ${event.key} released by ${event.by}`;
    case 'lease.restored':
      return `lease ${event.key} ${event.ok ? 'restored' : 'COULD NOT BE RESTORED'}: ${event.summary}`;
    case 'watch.sampled':
      return brokenText(event, brokenBefore);
    case 'watch.judged':
      return [`verdict: ${event.verdict}`, ...event.reasons].join('; ');
    case 'rollback.started':
      return `rollback of ${plural(event.steps.length, 'step')}, because ${event.why}`;
    case 'undo.applied':
      return `undo ${event.applied.outcome}: ${event.applied.summary}${because(event.applied.reason ?? null)}`;
    case 'rollback.finished':
      return event.complete ? 'rollback complete' : `rollback incomplete: ${event.left.join('; ')}`;
    case 'interrupted':
      return `interrupted by ${event.signal} during ${event.doing}`;
    case 'note':
      return event.text;
    case 'run.finished':
      return [`ended: ${event.outcome.replaceAll('-', ' ')}`, ...event.reasons].join('; ');
    default:
      return null;
  }
}

/** A line that broke is told once. */
function brokenText({ broken, standing }: EventOf<'watch.sampled'>, before: Set<string>): string | null {
  const fresh = broken.filter((line) => !before.has(`${standing} ${line}`));
  for (const line of fresh) before.add(`${standing} ${line}`);
  if (fresh.length === 0) return null;
  return standing === undefined ? `broken: ${fresh.join('; ')}` : brokenWords(fresh, standing).join('; ');
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`;
}

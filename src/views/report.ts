import type { RunEvent } from '../model/event.ts';
import { openLeases, stateOf } from '../model/state.ts';
import { escapeJson } from './draw/escape.ts';
import { cell, mdTable } from './markdown.ts';
import { changes, rollbackNotes } from './report/actions.ts';
import { circumstances, missed } from './report/circumstances.ts';
import { clockText } from './report/clock.ts';
import { diagnosis } from './report/findings.ts';
import { head, openItems } from './report/story.ts';
import { verdict } from './report/verdict.ts';
import { type RunSource, rowOf } from './runs.ts';
import { timelineOf } from './timeline.ts';

/** A run as its journal tells it. */
export interface Reported extends RunSource {
  readonly events: readonly RunEvent[];
}

/**
 * What a colleague reads in the morning: first what happened and what is left to do, then how it went, then everything
 * that was seen.
 */
export function reportMarkdown(reported: Reported): string {
  const state = reported.state;
  const parts = [
    head(reported),
    openItems(reported),
    timeline(reported),
    verdict(state),
    changes(state),
    diagnosis(state),
    rollbackNotes(state),
    missed(state),
    circumstances(reported),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** The row of `runs --json`, the whole state and the timeline. */
export function reportJson(reported: Reported): string {
  const { state, events } = reported;
  return `${escapeJson(JSON.stringify({ report: 1, ...rowOf(reported), timeline: timelineOf(events), state: { ...state, leases: openLeases(state) } }, null, 2))}\n`;
}

function timeline({ events }: Reported): readonly string[] {
  const rows = timelineOf(events).map(({ at, offset, step, text }) => [
    clockText(at),
    offset,
    cell(step ?? ''),
    cell(text),
  ]);
  return rows.length === 0 ? [] : ['## Timeline', '', ...mdTable(['UTC', 'after', 'step', 'what'], rows)];
}

/** Folds a journal's events for a report. */
export function reportOf(source: Omit<Reported, 'state'>): Reported {
  return { ...source, state: stateOf(source.events) };
}

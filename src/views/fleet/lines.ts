import { apart } from '../../model/document.ts';
import type { RunEvent } from '../../model/event.ts';
import { type FleetView, isFleetEvent } from '../../model/fleet/ports.ts';
import { initialState } from '../../model/state.ts';
import { escaped } from '../draw/escape.ts';
import { width } from '../draw/layout.ts';
import { type PaperAsked, paperOf } from '../draw/style.ts';
import { drawText } from '../draw/terminal.ts';
import { logLine } from '../lines.ts';
import { tellEvent } from '../tell/event.ts';
import { tellFleetEnd } from '../tell/fleet/end.ts';
import { tellFleetEvent } from '../tell/fleet/event.ts';
import { type Before, type Followed, followFleet } from '../tell/fleet/follow.ts';
import { troubleFirst } from '../tell/fleet/table.ts';

/**
 * For pipes, logs and unattended fleets: `TIME HOST WORD text`, never wrapped. A line when a host begins and one when
 * it has ended; what goes wrong in between, with its reason; the batches. A host's steps are in its own journal. The
 * summary at the end is for people, and is laid out.
 */
export function fleetLinesView({ write, before, ...look }: PaperAsked & Writing): FleetView {
  const paper = paperOf(look);
  const follower = followFleet(before);
  let room = roomFor(before?.fleet.hosts.map(({ host }) => host) ?? []);
  return {
    show: (event) => {
      const earlier = isFleetEvent(event) ? undefined : follower.now.working.get(event.host);
      follower.take(event);
      const { now } = follower;
      if (event.type === 'fleet.started') room = roomFor(event.hosts.map(({ name }) => name));
      const lines = isFleetEvent(event) ? tellFleetEvent(event, now).log : troubleLines(event, now, earlier);
      for (const line of lines) write(logLine(event.at, line, { room, tone: toneOfWord(line[1]), style: paper.style }));
      if (event.type === 'fleet.finished')
        write(`\n${drawText([...apart(troubleFirst(now)), ...tellFleetEnd(now)], paper)}`);
    },
    close: () => {},
  };
}

export interface Writing {
  readonly write: (text: string) => void;
  /** Of a run that goes on. */
  readonly before?: Before | undefined;
}

const roomFor = (hosts: readonly string[]): number =>
  Math.min(32, Math.max(12, ...hosts.map((host) => width(escaped(host)))));

const CALM = new Set([
  'started',
  'resumed',
  'planned',
  'begins',
  'ended',
  'next',
  'note',
  'act',
  'not-this-incident',
  'undoes',
]);
const toneOfWord = (word: string) => (word === 'held' ? 'good' : CALM.has(word) ? 'bold' : 'bad');

/** Of the runs of hosts only what somebody might have to act on before the end. */
function troubleLines(event: RunEvent, { fleet, working }: Followed, before = initialState) {
  const state = working.get(event.host) ?? initialState;
  const many = tellEvent(event, { state, before })?.many ?? null;
  const isTold = event.type === 'note' && isOfFleet(event.text, fleet);
  return many === null || isTold ? [] : [[event.host, ...many] as const];
}

/** What each of its hosts' journals is told of the fleet, this log says once. */
function isOfFleet(note: string, { run, notes }: Followed['fleet']): boolean {
  return note === `part of the fleet run ${run}` || notes.some(({ text }) => text === note);
}

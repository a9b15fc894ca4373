import type { RunEvent } from '../../model/event.ts';
import { type FleetEvent, type FleetEventOf, type FleetView, isFleetEvent } from '../../model/fleet/ports.ts';
import { plural } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { padEnd, width } from '../draw/layout.ts';
import { type Look, type Paper, paperOf } from '../draw/style.ts';
import {
  type Before,
  clock,
  countsText,
  endText,
  endWord,
  type Followed,
  followFleet,
  isTrouble,
  tookOf,
  touchedText,
} from './follow.ts';
import { groupsText, names } from './plan-words.ts';
import { renderFleetSummary, toDo } from './summary.ts';
import { tablePart } from './table.ts';

/**
 * For pipes, logs and unattended fleets: `TIME HOST WORD text`, never wrapped. A line when a host begins and one when
 * it has ended; what goes wrong in between, with its reason; the batches. A host's steps are in its own journal. The
 * summary at the end is for people, and is laid out.
 */
export function fleetLinesView({ write, before, ...look }: Look & Writing): FleetView {
  const paper = paperOf(look);
  const follower = followFleet(before);
  let room = roomFor(before?.fleet.hosts.map(({ host }) => host) ?? []);
  return {
    show: (event) => {
      follower.take(event);
      if (event.type === 'fleet.started') room = roomFor(event.hosts.map(({ name }) => name));
      const lines = isFleetEvent(event) ? fleetLines(event, follower.now) : troubleLines(event, follower.now);
      for (const line of lines) write(`${layOut(event.at, line, { room, paper })}\n`);
      if (event.type !== 'fleet.finished') return;
      const { now } = follower;
      write(`\n${[...tablePart(now, paper), '', ...renderFleetSummary(now, paper)].join('\n')}\n`);
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

type Line = readonly [who: string, word: string, text: string];

function layOut(
  at: string,
  [who, word, text]: Line,
  { room, paper: { style } }: { readonly room: number; readonly paper: Paper },
): string {
  const time = at.replace(/\.\d+Z$/, 'Z');
  const paint = word === 'held' ? style.good : BAD.has(word) ? style.bad : style.bold;
  return `${style.dim(time)}  ${padEnd(escaped(who), room)}  ${paint(word)}${' '.repeat(Math.max(0, 9 - word.length))}  ${escaped(text)}`.trimEnd();
}

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
const BAD = { has: (word: string): boolean => !CALM.has(word) };

function fleetLines(event: FleetEvent, now: Followed): readonly Line[] {
  switch (event.type) {
    case 'fleet.started': {
      const { runbook, mode, who, run, hosts } = event;
      return [
        [
          'fleet',
          'started',
          `${runbook.name} ${runbook.version} on ${plural(hosts.length, 'host')}, ${mode}, by ${who}, run ${run}`,
        ],
      ];
    }
    case 'fleet.resumed':
      return [['fleet', 'resumed', `to ${event.to}, ${plural(event.hosts.length, 'host')}, by ${event.who}`]];
    case 'fleet.planned':
      return [
        ['fleet', 'planned', groupsText(event.groups)],
        ...event.groups.map(({ kind, hosts, says }): Line => ['plan', kind, `${names(hosts)}: ${says}`]),
      ];
    case 'batch.started':
      return [
        [
          `batch ${event.batch}`,
          'started',
          `of ${event.of}, ${plural(event.hosts.length, 'host')}: ${names(event.hosts)}`,
        ],
      ];
    case 'host.started':
      return [[event.host, 'begins', `run ${event.run}`]];
    case 'host.finished':
    case 'host.rolled-back':
      return ended(event, now);
    case 'batch.finished':
      return [[`batch ${event.batch}`, event.failed.length === 0 ? 'ended' : 'failed', batchText(event, now)]];
    case 'fleet.stopped':
      return [
        [
          'fleet',
          'stopped',
          `${event.why}; ${plural(event.notBegun.length, 'host')} not begun${event.notBegun.length === 0 ? '' : `: ${names(event.notBegun)}`}`,
        ],
      ];
    case 'fleet.noted':
      return [['fleet', 'note', event.text]];
    case 'fleet.finished':
      return [['fleet', 'ended', [event.outcome, ...event.reasons].join('; ')]];
    default:
      return unheardOf(event);
  }
}

function unheardOf(_: never): readonly Line[] {
  return [];
}

/** How it ended, what it took, and what to type where that is not well. */
function ended(
  event: FleetEventOf<'host.finished'> | FleetEventOf<'host.rolled-back'>,
  { fleet, touched }: Followed,
): readonly Line[] {
  const host = fleet.hosts.find((one) => one.host === event.host);
  if (host === undefined) return [];
  const mine = touched.get(event.host);
  const spent = tookOf(host, mine);
  const took = spent === null ? [] : [`in ${clock(spent)}`];
  const what = event.type === 'host.rolled-back' ? ['after its rollback'] : [touchedText(mine), ...took];
  const reasons = endText(event)
    .slice(endWord(event).length)
    .replace(/^[:,] /, '');
  const next = isTrouble(host) ? toDo(host, mine, fleet.run).map((line): Line => [event.host, 'next', line]) : [];
  return [[event.host, event.outcome, [...(reasons === '' ? [] : [reasons]), ...what].join('; ')], ...next];
}

function batchText({ batch, failed }: FleetEventOf<'batch.finished'>, { fleet }: Followed): string {
  const inIt = new Set(fleet.batches.findLast((one) => one.batch === batch)?.hosts ?? []);
  const counts = countsText({ ...fleet, hosts: fleet.hosts.filter(({ host }) => inIt.has(host)) }).map(
    ([, words]) => words,
  );
  return [
    counts.join(', ') || 'no host was touched',
    ...(failed.length === 0 ? [] : [`failed: ${names(failed)}`]),
  ].join('; ');
}

/** Of the runs of hosts only what somebody might have to act on before the end. */
function troubleLines(event: RunEvent, { fleet, working }: Followed): readonly Line[] {
  const { host } = event;
  switch (event.type) {
    case 'step.finished':
      // A watch has said how it ended in a line of its own.
      if (working.get(host)?.steps.find(({ id }) => id === event.step)?.watch) return [];
      return event.outcome === 'failed' || event.outcome === 'partial'
        ? [[host, event.outcome, `${event.step}: ${event.reason ?? 'it does not say why'}`]]
        : [];
    case 'watch.judged':
      return event.verdict === 'held' ? [] : [[host, event.verdict, `${event.step}: ${event.reasons.join('; ')}`]];
    case 'lease.restored':
      return event.ok ? [] : [[host, 'failed', `lease ${event.key}: ${event.summary}`]];
    case 'rollback.started':
      return [[host, 'undoes', `${event.why}: ${event.steps.join(', ')}`]];
    case 'rollback.finished':
      return event.complete ? [] : [[host, 'failed', `not undone: ${event.left.join('; ')}`]];
    case 'interrupted':
      return [[host, 'signal', `${event.signal} while ${event.doing}`]];
    case 'note':
      return isOfFleet(event.text, fleet) ? [] : [[host, 'note', event.text]];
    default:
      return [];
  }
}

/** What each of its hosts' journals is told of the fleet, this log says once. */
function isOfFleet(note: string, { run, notes }: Followed['fleet']): boolean {
  return note === `part of the fleet run ${run}` || notes.some(({ text }) => text === note);
}

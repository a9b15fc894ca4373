import {
  apart,
  type Document,
  type DocumentNode,
  type Span,
  section,
  sentence,
  type Telling,
  type Text,
  withCommand,
} from '../../../model/document.ts';
import { isUnfinishedEnd } from '../../../model/fleet/outcome.ts';
import type { FleetEvent } from '../../../model/fleet/ports.ts';
import type { HostState } from '../../../model/fleet/state.ts';
import { OUTCOMES } from '../../../model/outcome.ts';
import { plural, showDuration } from '../../../model/text/quantity.ts';
import { names } from '../../fold.ts';
import { exitText, keptRows } from '../circumstances.ts';
import { clockText, dayText } from '../clock.ts';
import { changesNamed, changesSummed } from '../counts.ts';
import { pairsOf } from '../plan.ts';
import { damage, joined, takenUpText, unknownText } from '../report.ts';
import {
  batchOf,
  countsText,
  type Followed,
  isTrouble,
  lastEnd,
  type Touched,
  tookOf,
  touchedText,
  wholeEnd,
} from './follow.ts';
import { groupsText, strategyText } from './plan-words.ts';
import { hostTable } from './table.ts';
import { fleetTimeline } from './timeline.ts';
import { toDo } from './to-do.ts';

/** A fleet run as its journal and those of its hosts' runs tell it. */
export interface FleetReported extends Pick<Followed, 'fleet' | 'touched'> {
  readonly id: string;
  readonly folder: string;
  readonly place: { readonly path: string; readonly home: boolean };
  readonly events: readonly FleetEvent[];
  /** What is wrong with the fleet's journal; null: nothing. */
  readonly problem: string | null;
  readonly damaged: boolean;
  /** Who is at it now, in words; null: nobody. */
  readonly running: string | null;
  /** Hosts whose own journal cannot be read whole, with why. */
  readonly unread: ReadonlyMap<string, string>;
}

/**
 * First how it went and what is left to do, then a row for every host, then what went wrong in words, then when. For
 * programs a row a host, the timeline and the whole state.
 */
export function tellFleetReport(reported: FleetReported): Telling {
  return {
    document: () => [
      ...apart(...head(reported)),
      ...open(reported),
      ...hosts(reported),
      ...troubles(reported),
      ...timeline(reported),
      ...goOn(reported),
      ...circumstances(reported),
    ],
    record: () => fleetRecord(reported),
  };
}

function fleetRecord(reported: FleetReported): object {
  const { id, folder, place, fleet, problem, damaged, running } = reported;
  const { meta, finished } = fleet;
  const { name = null, version = null } = meta?.runbook ?? {};
  return {
    ...{ report: 1, kind: 'fleet', run: id, runbook: name, version },
    ...{ who: meta?.who ?? null, mode: meta?.mode ?? null, started: meta?.at ?? null, finished: finished?.at ?? null },
    ...{ took: tookAll(reported), outcome: finished?.outcome ?? null, exit: finished?.exit ?? null },
    running: running !== null,
    hosts: fleet.hosts.map((host) => hostRow(host, reported)),
    ...{ place: place.path, folder, problem, damaged, timeline: momentsOf(reported), state: fleet },
  };
}

/** One host for programs. Durations are milliseconds. */
function hostRow(host: HostState, { fleet, touched, unread }: FleetReported) {
  const mine = touched.get(host.host);
  const { outcome = null, reasons = [] } = lastEnd(host) ?? {};
  const { killed = null, deleted = null, edited = null, open: items = [], unknown = [] } = mine ?? {};
  return {
    ...{ host: host.host, batch: batchOf(fleet, host.host), status: host.status, run: host.run },
    ...{ outcome, verdict: host.end?.verdict ?? null, reasons, rolledBack: host.rolledBack !== null },
    ...{ killed, deleted, edited, took: tookOf(host, mine) },
    ...{ open: items, unknown, problem: unread.get(host.host) ?? null },
  };
}

// ---------------------------------------------------------------- the story

function head({ id, fleet, touched, problem, running }: FleetReported): Document {
  const { name, title } = fleet.meta?.runbook ?? { name: 'a fleet run that was not started', title: '' };
  const result = running !== null ? 'running' : (fleet.finished?.outcome.replaceAll('-', ' ') ?? 'unfinished');
  const text = `${name} on ${plural(fleet.hosts.length, 'host')}: ${result}`;
  return [
    { kind: 'title', text, page: text, below: [] },
    ...damage(problem),
    sentence([...(title === '' ? [] : [`${title} · `]), 'fleet run ', { code: id }]),
    sentence(joined([when(fleet), planned(fleet), stands(fleet), done(touched), end({ fleet, running })])),
  ];
}

function when(fleet: Followed['fleet']): readonly Span[] {
  const { meta, resumes } = fleet;
  if (meta === null) return [];
  const took = tookAll({ fleet });
  const spent = took === null ? '' : `, ${showDuration(took)}`;
  return [`${dayText(meta.at)}${spent}${takenUpText(resumes)}, ${meta.mode} by ${meta.who}.`];
}

/** By the clock on the wall: a fleet run may go on after days. */
function tookAll({ fleet: { meta, last } }: Pick<Followed, 'fleet'>): number | null {
  const took = meta === null || last === null ? Number.NaN : Date.parse(last.at) - Date.parse(meta.at);
  return Number.isFinite(took) ? Math.max(0, took) : null;
}

const planned = ({ groups }: Followed['fleet']): readonly Span[] => [
  groups.length === 0 ? 'No host was planned.' : `Planned: ${groupsText(groups)}.`,
];

function stands(fleet: Followed['fleet']): readonly Span[] {
  const counts = countsText(fleet).map(([, words]) => words);
  return counts.length === 0 ? [] : ['Of the hosts ', { strong: counts.join(', ') }, '.'];
}

function done(touched: ReadonlyMap<string, Touched>): readonly Span[] {
  const acted = [...touched.values()].filter((one) => one.acted);
  if (acted.length === 0) return [{ strong: 'Nothing was changed on any host.' }];
  const said = changesNamed(changesSummed(acted)).join(', ') || 'nothing killed, deleted or edited';
  return [`On ${plural(acted.length, 'host')} something was changed: ${said}.`];
}

function end({ fleet: { finished, stopped }, running }: Pick<FleetReported, 'fleet' | 'running'>): readonly Span[] {
  if (running !== null) return [{ strong: 'It goes on' }, `, ${running}.`];
  const why = stopped === null ? '' : `It was stopped: ${stopped.why}. `;
  if (finished !== null) return [`${why}It ended ${OUTCOMES[finished.outcome].about}.`];
  const unknown = ' What was intended on a host and has no outcome is unknown: look before you go on.';
  return [why, { strong: 'The fleet run did not finish.' }, unknown];
}

// ---------------------------------------------------------------- what is left

function open({ fleet, touched, running }: FleetReported): Document {
  if (running !== null) return [];
  const all = [...touched].flatMap(([host, mine]) =>
    mine.unknown.map((step) => ({ host, say: `${step}: its outcome is unknown` })),
  );
  const stays = [...touched].flatMap(([host, mine]) => mine.open.map((say) => ({ host, say })));
  const texts = [...Map.groupBy([...all, ...stays], ({ say }) => say)].map(([say, those]): Text => {
    const where = ` (${names(those.map(({ host }) => host))})`;
    const told = withCommand(say);
    return typeof told === 'string' ? told + where : [...told, where];
  });
  const bad = fleet.hosts.filter(isTrouble).map((host): Text => [{ strong: `${host.host}:` }, ` ${wholeEnd(host)}`]);
  const left = fleet.stopped?.notBegun ?? [];
  const begin = left.length === 0 ? [] : [`${plural(left.length, 'host')} not begun: ${names(left)}`];
  const items = [...bad, ...begin, ...texts].map((text) => ({ mark: '!', text }));
  return section('OPEN', items.length === 0 ? [] : [{ kind: 'items', todo: true, items }]);
}

/** In the order of the run: who looks for a host knows where to look. */
const hosts = (reported: FleetReported): Document =>
  section(
    'HOSTS',
    reported.fleet.hosts.length === 0 ? [] : [hostTable(reported.fleet.hosts, reported, reported.unread)],
  );

const troubles = ({ fleet, touched }: FleetReported): Document =>
  section(
    'IN TROUBLE',
    fleet.hosts.filter(isTrouble).map((host) => trouble(host, touched.get(host.host), fleet.run)),
  );

function trouble(host: HostState, mine: Touched | undefined, fleet: string): DocumentNode {
  const items = (mine?.unknown ?? []).map((step) => ({ mark: '!', text: unknownText(step) }));
  const lines = toDo(host, mine, fleet);
  return {
    ...{ kind: 'entry', mark: '✘', tone: 'bad', name: host.host, after: [] },
    inside: [
      sentence(`${wholeEnd(host)}. On this host: ${touchedText(mine)}.`),
      ...(items.length === 0 ? [] : [{ kind: 'items', items } as const]),
      ...(lines.length === 0 ? [] : [{ kind: 'commands', lines } as const]),
    ],
  };
}

const momentsOf = ({ events, fleet, touched }: FleetReported) =>
  fleetTimeline(events, { fleet, touched, working: new Map() });

function timeline(reported: FleetReported): Document {
  const rows = momentsOf(reported).map(({ at, offset, host, text }) => [clockText(at), offset, host ?? '', text]);
  const columns = ['UTC', 'after', 'host', 'what'];
  return section('TIMELINE', rows.length === 0 ? [] : [{ kind: 'rows', columns, rows }]);
}

function goOn({ id, fleet, touched, running }: FleetReported): Document {
  const unfinished =
    fleet.finished === null || fleet.hosts.some(({ end: last }) => last === null || isUnfinishedEnd(last));
  const undo = fleet.hosts.some(({ host, status }) => status !== 'rolled-back' && touched.get(host)?.undoable === true);
  const lines = [
    ...(unfinished ? [`firebreak resume ${id}`] : []),
    ...(undo ? [`firebreak rollback ${id}    # every host of it; one: --host NAME`] : []),
  ];
  const isOver = running === null && lines.length > 0;
  return section('TO GO ON, OR BACK', isOver ? [{ kind: 'commands', lines }] : []);
}

function circumstances({ fleet: { meta, finished, notes }, folder, place, running }: FleetReported): Document {
  if (meta === null) return [];
  const { runbook, policy, strategy, skipped, tool, params } = meta;
  const told = notes.map(({ text }) => text);
  return section('CIRCUMSTANCES', [
    {
      kind: 'card',
      rows: [
        ['Runbook', `${runbook.name} ${runbook.version}, ${runbook.path}`],
        ['Runbook sha256', runbook.hash],
        ['Parameters', [{ pairs: pairsOf(params) }]],
        ['Strategy', strategyText(strategy)],
        ['Skipped', names(skipped) || 'none'],
        ['Policy', policy === null ? 'none: a person approved the plan' : `${policy.path}, sha256 ${policy.hash}`],
        ...(told.length === 0 ? [] : [['Notes', [{ list: told }]] as const]),
        ['Exit code', exitText(finished, running === null ? 'none, the fleet run did not finish' : 'none yet')],
        ...keptRows(folder, place.home, tool),
      ],
    },
  ]);
}

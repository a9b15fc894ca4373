import { isUnfinishedEnd } from '../../model/fleet/outcome.ts';
import type { FleetEvent } from '../../model/fleet/ports.ts';
import type { HostState } from '../../model/fleet/state.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import { escaped, escapeJson } from '../draw/escape.ts';
import { cell, code, fence, md, mdTable } from '../markdown.ts';
import { showValue } from '../plan.ts';
import { clockText, dayText } from '../report/clock.ts';
import {
  batchOf,
  clock,
  countsText,
  type Followed,
  isTrouble,
  lastEnd,
  type Touched,
  tookOf,
  touchedText,
  wholeEnd,
} from './follow.ts';
import { groupsText, names, strategyText } from './plan-words.ts';
import { toDo } from './summary.ts';
import { verdictOf } from './table.ts';
import { fleetTimeline } from './timeline.ts';

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

/** First how it went and what is left to do, then a row for every host, then what went wrong in words, then when. */
export function fleetReportMarkdown(reported: FleetReported): string {
  const parts = [
    head(reported),
    open(reported),
    hosts(reported),
    troubles(reported),
    timeline(reported),
    goOn(reported),
    circumstances(reported),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** A row a host, the timeline and the whole state. */
export function fleetReportJson(reported: FleetReported): string {
  const { id, folder, place, fleet, events, problem, damaged, running } = reported;
  const { meta, finished } = fleet;
  const whole = {
    ...{
      report: 1,
      kind: 'fleet',
      run: id,
      runbook: meta?.runbook.name ?? null,
      version: meta?.runbook.version ?? null,
    },
    ...{ who: meta?.who ?? null, mode: meta?.mode ?? null, started: meta?.at ?? null, finished: finished?.at ?? null },
    ...{
      took: tookAll(reported),
      outcome: finished?.outcome ?? null,
      exit: finished?.exit ?? null,
      running: running !== null,
    },
    hosts: fleet.hosts.map((host) => hostRow(host, reported)),
    ...{ place: place.path, folder, problem, damaged, timeline: fleetTimeline(events), state: fleet },
  };
  return `${escapeJson(JSON.stringify(whole, null, 2))}\n`;
}

/** One host for programs. Durations are milliseconds. */
function hostRow(host: HostState, { fleet, touched, unread }: FleetReported) {
  const mine = touched.get(host.host);
  const end = lastEnd(host);
  return {
    ...{ host: host.host, batch: batchOf(fleet, host.host), status: host.status, run: host.run },
    ...{
      outcome: end?.outcome ?? null,
      verdict: host.end?.verdict ?? null,
      reasons: end?.reasons ?? [],
      rolledBack: host.rolledBack !== null,
    },
    ...{
      killed: mine?.killed ?? null,
      deleted: mine?.deleted ?? null,
      edited: mine?.edited ?? null,
      took: tookOf(host, mine),
    },
    ...{ open: mine?.open ?? [], unknown: mine?.unknown ?? [], problem: unread.get(host.host) ?? null },
  };
}

// ---------------------------------------------------------------- the story

function head({ id, fleet, touched, problem, running }: FleetReported): readonly string[] {
  const name = fleet.meta?.runbook.name ?? 'a fleet run that was not started';
  const result = running !== null ? 'running' : (fleet.finished?.outcome.replaceAll('-', ' ') ?? 'unfinished');
  const damage =
    problem === null ? [] : [`> **The journal is not whole:** ${md(problem)}. This report tells what can be read.`, ''];
  return [
    `# ${md(name)} on ${plural(fleet.hosts.length, 'host')}: ${result}`,
    '',
    ...damage,
    `${md(fleet.meta?.runbook.title ?? '')} · fleet run ${code(id)}`.replace(/^ · /, ''),
    '',
    [when(fleet), planned(fleet), stands(fleet), done(touched), end({ fleet, running })]
      .filter((sentence) => sentence !== '')
      .join(' '),
  ];
}

function when(fleet: Followed['fleet']): string {
  const { meta, resumes } = fleet;
  if (meta === null) return '';
  const took = tookAll({ fleet });
  const again = resumes === 0 ? '' : `, taken up again ${plural(resumes, 'time')}`;
  return `${dayText(meta.at)}${took === null ? '' : `, ${showDuration(took)}`}${again}, ${meta.mode} by ${md(meta.who)}.`;
}

/** By the clock on the wall: a fleet run may go on after days. */
function tookAll({ fleet: { meta, last } }: Pick<Followed, 'fleet'>): number | null {
  const took = meta === null || last === null ? Number.NaN : Date.parse(last.at) - Date.parse(meta.at);
  return Number.isFinite(took) ? Math.max(0, took) : null;
}

const planned = ({ groups }: Followed['fleet']): string =>
  groups.length === 0 ? 'No host was planned.' : `Planned: ${md(groupsText(groups))}.`;

function stands(fleet: Followed['fleet']): string {
  const counts = countsText(fleet).map(([, words]) => words);
  return counts.length === 0 ? '' : `Of the hosts **${counts.join(', ')}**.`;
}

function done(touched: ReadonlyMap<string, Touched>): string {
  const acted = [...touched.values()].filter((one) => one.acted);
  if (acted.length === 0) return '**Nothing was changed on any host.**';
  const sum = (of: 'killed' | 'deleted' | 'edited') => acted.reduce((all, one) => all + one[of], 0);
  return `On ${plural(acted.length, 'host')} something was changed: ${sums(sum('killed'), sum('deleted'), sum('edited'))}.`;
}

const sums = (killed: number, deleted: number, edited: number): string =>
  `killed ${plural(killed, 'process', 'processes')}, deleted ${plural(deleted, 'file')}, edited ${plural(edited, 'file')}`;

function end({ fleet, running }: Pick<FleetReported, 'fleet' | 'running'>): string {
  const { finished, stopped } = fleet;
  if (running !== null) return `**It goes on**, ${md(running)}.`;
  const why = stopped === null ? '' : `It was stopped: ${md(stopped.why)}. `;
  if (finished === null)
    return `${why}**The fleet run did not finish.** What was intended on a host and has no outcome is unknown: look before you go on.`;
  return `${why}It ended ${md(OUTCOMES[finished.outcome].about)}.`;
}

// ---------------------------------------------------------------- what is left

function open({ fleet, touched, running }: FleetReported): readonly string[] {
  if (running !== null) return [];
  const unknown = [...touched].flatMap(([host, mine]) =>
    mine.unknown.map((step) => ({ host, say: `${step}: its outcome is unknown` })),
  );
  const stays = [...touched].flatMap(([host, mine]) => mine.open.map((say) => ({ host, say })));
  const lines = [...Map.groupBy([...unknown, ...stays], ({ say }) => say)].map(
    ([say, those]) => `- [ ] ${md(say)} (${md(names(those.map(({ host }) => host)))})`,
  );
  const bad = fleet.hosts.filter(isTrouble).map((host) => `- [ ] **${md(host.host)}:** ${md(wholeEnd(host))}`);
  const left = fleet.stopped?.notBegun ?? [];
  const begin = left.length === 0 ? [] : [`- [ ] ${plural(left.length, 'host')} not begun: ${md(names(left))}`];
  const all = [...bad, ...begin, ...lines];
  return all.length === 0 ? [] : ['## Open', '', ...all];
}

const COLUMNS = ['host', 'batch', 'verdict', 'killed', 'deleted', 'edited', 'time', 'run', 'note'];

/** In the order of the run: who looks for a host knows where to look. */
function hosts(reported: FleetReported): readonly string[] {
  const { fleet, touched, unread } = reported;
  if (fleet.hosts.length === 0) return [];
  const rows = fleet.hosts.map((host) => {
    const mine = touched.get(host.host);
    const took = tookOf(host, mine);
    const counts = mine === undefined ? ['', '', ''] : [mine.killed, mine.deleted, mine.edited].map(showCount);
    const problem = unread.get(host.host);
    const note = [
      ...(problem === undefined ? [] : [`its journal: ${problem}`]),
      ...(lastEnd(host)?.reasons ?? []),
    ].join('; ');
    const verdict = isTrouble(host) ? `**${cell(verdictOf(host, fleet))}**` : cell(verdictOf(host, fleet));
    return [
      cell(host.host),
      String(batchOf(fleet, host.host) ?? ''),
      verdict,
      ...counts,
      took === null ? '' : clock(took),
      cell(host.run ?? ''),
      cell(note),
    ];
  });
  return ['## Hosts', '', ...mdTable(COLUMNS, rows)];
}

function troubles({ fleet, touched }: FleetReported): readonly string[] {
  const bad = fleet.hosts.filter(isTrouble);
  if (bad.length === 0) return [];
  return ['## In trouble', ...bad.flatMap((host) => trouble(host, touched.get(host.host), fleet.run))];
}

function trouble(host: HostState, mine: Touched | undefined, fleet: string): readonly string[] {
  const unknown = (mine?.unknown ?? []).map(
    (step) => `- **${md(step)}: its outcome is unknown.** Look at the host before anything is done again.`,
  );
  const commands = toDo(host, mine, fleet);
  return [
    '',
    `### ${md(host.host)}`,
    '',
    `${md(wholeEnd(host))}. On this host: ${md(touchedText(mine))}.`,
    ...(unknown.length === 0 ? [] : ['', ...unknown]),
    ...(commands.length === 0 ? [] : ['', ...fence('sh', commands)]),
  ];
}

function timeline({ events }: FleetReported): readonly string[] {
  const rows = fleetTimeline(events).map(({ at, offset, host, text }) => [
    clockText(at),
    offset,
    cell(host ?? ''),
    cell(text),
  ]);
  return rows.length === 0 ? [] : ['## Timeline', '', ...mdTable(['UTC', 'after', 'host', 'what'], rows)];
}

function goOn({ id, fleet, touched, running }: FleetReported): readonly string[] {
  if (running !== null) return [];
  const unfinished =
    fleet.finished === null || fleet.hosts.some(({ end: last }) => last === null || isUnfinishedEnd(last));
  const undo = fleet.hosts.some(({ host, status }) => status !== 'rolled-back' && touched.get(host)?.undoable === true);
  const lines = [
    ...(unfinished ? [`firebreak resume ${escaped(id)}`] : []),
    ...(undo ? [`firebreak rollback ${escaped(id)}    # every host of it; one: --host NAME`] : []),
  ];
  return lines.length === 0 ? [] : ['## To go on, or back', '', ...fence('sh', lines)];
}

function circumstances({ fleet: { meta, finished, notes }, folder, place, running }: FleetReported): readonly string[] {
  if (meta === null) return [];
  const { runbook, policy, strategy, skipped, tool, params } = meta;
  const values = Object.entries(params).map(([name, value]) => `${name} = ${showValue(value)}`);
  const exit =
    finished === null
      ? running === null
        ? 'none, the fleet run did not finish'
        : 'none yet'
      : `${finished.exit}, ${cell(OUTCOMES[finished.outcome].about)}`;
  const rows = [
    ['Runbook', cell(`${runbook.name} ${runbook.version}, ${runbook.path}`)],
    ['Runbook sha256', cell(runbook.hash)],
    ['Parameters', values.map(cell).join('<br>')],
    ['Strategy', cell(strategyText(strategy))],
    ['Skipped', cell(names(skipped)) || 'none'],
    ['Policy', policy === null ? 'none: a person approved the plan' : cell(`${policy.path}, sha256 ${policy.hash}`)],
    ...(notes.length === 0 ? [] : [['Notes', notes.map(({ text }) => cell(text)).join('<br>')]]),
    ['Exit code', exit],
    ['Journal', cell(`${folder}${place.home ? '' : ' (not at home: it does not survive a reboot there)'}`)],
    ['Written by', cell(`firebreak ${tool}`)],
  ];
  return ['## Circumstances', '', ...mdTable(['', ''], rows)];
}

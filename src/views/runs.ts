import { sayLease } from '../model/host/lease.ts';
import type { Json } from '../model/json.ts';
import { isObject } from '../model/json.ts';
import { sumOf } from '../model/policy/spent.ts';
import { elapsed, isDrill, lastThing, openLeases, type RunState } from '../model/state.ts';
import { plural, showCount, showDuration } from '../model/text/quantity.ts';
import { escaped, escapeJson } from './draw/escape.ts';
import { hang } from './draw/layout.ts';
import type { Paper, Style } from './draw/style.ts';

/** What is known of one run: where its journal is, whether it is whole, and what it adds up to. */
export interface RunSource {
  readonly id: string;
  readonly folder: string;
  readonly place: { readonly path: string; readonly home: boolean };
  readonly state: RunState;
  /** What is wrong with the journal; null: nothing. */
  readonly problem: string | null;
  /** Something was changed or lost: what is known ends there. A last line that a crash cut short is no damage. */
  readonly damaged: boolean;
  /** Who is at it now, in words; null: nobody. */
  readonly running: string | null;
  /** What was found out by `--verify`; null where it was not asked. */
  readonly verified: string | null;
}

/** One run for programs. Times are ISO 8601 UTC, durations milliseconds. */
export interface RunRow {
  readonly run: string;
  readonly runbook: string | null;
  readonly version: string | null;
  readonly host: string;
  readonly who: string | null;
  readonly mode: string | null;
  /** A rehearsal: nothing of the host was touched. */
  readonly drill: boolean;
  readonly started: string | null;
  readonly finished: string | null;
  readonly took: number | null;
  readonly outcome: string | null;
  readonly exit: number | null;
  readonly verdict: string | null;
  readonly running: boolean;
  /** The last thing known of a run that did not finish. */
  readonly unfinished: string | null;
  readonly killed: number;
  readonly deleted: number;
  readonly edited: number;
  /** Process ids that were named as targets of a kill that was begun. */
  readonly pids: readonly number[];
  readonly open: readonly string[];
  /**
   * What the run has stopped and what was not seen to be started again: when it starts by itself; null: nothing sees to
   * that.
   */
  readonly leases: readonly { readonly service: string; readonly by: string | null }[];
  readonly place: string;
  readonly folder: string;
  readonly problem: string | null;
  readonly damaged: boolean;
  readonly verified: string | null;
}

export function rowOf({ id, folder, place, state, problem, damaged, running, verified }: RunSource): RunRow {
  const { meta, finished, used } = state;
  return {
    run: id,
    runbook: meta?.runbook.name ?? null,
    version: meta?.runbook.version ?? null,
    host: state.host,
    who: meta?.who ?? null,
    mode: meta?.mode ?? null,
    drill: isDrill(state),
    started: meta?.at ?? null,
    finished: finished?.at ?? null,
    took: meta === null || finished === null ? null : elapsed(state),
    outcome: finished?.outcome ?? null,
    exit: finished?.exit ?? null,
    verdict: state.verdict,
    running: running !== null,
    unfinished: finished === null ? lastThing(state) : null,
    killed: used.kill,
    deleted: used.delete,
    edited: used.edit,
    pids: targetPids(state),
    open: state.open,
    leases: openLeases(state).map(({ service, deadline }) => ({ service, by: deadline?.at ?? null })),
    place: place.path,
    folder,
    problem,
    damaged,
    verified,
  };
}

/** From the machine's form of the targets, or from their text where there were too many to keep it. */
function targetPids({ steps }: RunState): readonly number[] {
  const named = steps.flatMap(({ attempts, targets }) =>
    attempts > 0 && targets?.kind === 'processes' ? [targets] : [],
  );
  const pids = named.flatMap(({ detail, members }) => {
    const known = isObject(detail) && Array.isArray(detail.processes) ? detail.processes.flatMap(pidOf) : [];
    return known.length > 0 ? known : members.flatMap((member) => /^\d+/.exec(member)?.map(Number) ?? []);
  });
  return [...new Set(pids)];
}

function pidOf(process: Json): readonly number[] {
  return isObject(process) && typeof process.pid === 'number' ? [process.pid] : [];
}

export function runsJson(rows: readonly object[]): string {
  return `${escapeJson(JSON.stringify(rows, null, 2))}\n`;
}

/** Three lines a run: which and how it ended; what, where, who, when; what it changed. */
export function runText(source: RunSource, paper: Paper): string {
  return `${runLines(source, paper).join('\n')}\n`;
}

function runLines(source: RunSource, paper: Paper): readonly string[] {
  const { state, place, folder, problem, verified } = source;
  const line = (text: string, paint?: (part: string) => string): readonly string[] =>
    hang('    ', escaped(text), paper.columns, paint);
  return [
    `${paper.style.bold(escaped(source.id))}  ${resultText(source, paper.style)}`,
    ...line(whatText(state)),
    ...line(countsText(state)),
    ...openLeases(state).flatMap((lease) => line(`lease: ${sayLease(lease)}`, paper.style.warn)),
    ...(place.home
      ? []
      : line(`journal in ${folder}: not at home, it does not survive a reboot there`, paper.style.yellow)),
    ...(problem === null ? [] : line(problem, paper.style.bad)),
    ...(verified === null ? [] : line(verified, paper.style.green)),
  ];
}

function resultText({ state, damaged, running }: RunSource, style: Style): string {
  if (damaged) return style.bad('journal damaged');
  if (running !== null) return style.cyan(`running now, ${escaped(running)}`);
  if (state.finished === null) return style.warn(`unfinished: ${escaped(lastThing(state))}`);
  const { outcome, exit } = state.finished;
  const paint =
    outcome === 'held' || outcome === 'looked-only' ? style.good : exit === 2 || exit === 130 ? style.warn : style.bad;
  return paint(`${outcome.replaceAll('-', ' ')} (exit ${exit})`);
}

function whatText(state: RunState): string {
  const { meta, finished, host } = state;
  if (meta === null) return 'nothing was written but the beginning';
  const { name, version } = meta.runbook;
  const took = finished === null ? '' : `, took ${showDuration(elapsed(state))}`;
  return `${isDrill(state) ? 'drill of ' : ''}${name} ${version} on ${host}, ${meta.mode} by ${meta.who}, ${meta.at.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC${took}`;
}

/** Of an act that was cut short nobody knows how much of it was done. */
function perhaps(unsettled: RunState['unsettled']): string {
  const { kill = 0, delete: deleted = 0, edit = 0 } = sumOf(unsettled);
  const counts = Object.entries({ killed: kill, deleted, edited: edit }).filter(([, count]) => count > 0);
  return counts.length === 0
    ? ''
    : `; cut short, up to ${counts.map(([done, count]) => `${showCount(count)} more ${done}`).join(', ')}`;
}

function countsText({ used, unsettled, open, steps }: RunState): string {
  const stays = open.length === 0 ? '' : `; ${plural(open.length, 'item')} open`;
  if (steps.every(({ attempts }) => attempts === 0)) return `nothing changed${stays}`;
  return `killed ${showCount(used.kill)}, deleted ${showCount(used.delete)}, edited ${showCount(used.edit)}${perhaps(unsettled)}${stays}`;
}

import { type Document, section, sentence, type Tone } from '../../model/document.ts';
import { sayLease } from '../../model/host/lease.ts';
import { isObject, type Json } from '../../model/json.ts';
import { exitCode, type OutcomeName } from '../../model/outcome.ts';
import { sumOf } from '../../model/policy/spent.ts';
import { elapsed, isDrill, lastThing, openLeases, type RunState } from '../../model/state.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import { spacedOut } from './clock.ts';
import { changesCounted, changesOf } from './counts.ts';

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
  const { meta, finished } = state;
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
    ...changesOf(state),
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

/** Three lines a run: which and how it ended; what, where, who, when; what it changed. */
export function tellRun(source: RunSource): Document {
  const { state, damaged, running } = source;
  const { meta, finished, host } = state;
  const took = finished === null ? '' : `, took ${showDuration(elapsed(state))}`;
  const what = damaged && meta === null ? 'what it was cannot be told' : whatText(meta, host, took);
  const unfinished = finished === null ? `unfinished: ${lastThing(state)}` : '';
  return runPart(
    source,
    endedText(finished, { damaged, running, unfinished }),
    [`${isDrill(state) ? 'drill of ' : ''}${what}`, countsText(state, damaged)],
    openLeases(state).map((lease) => `lease: ${sayLease(lease)}`),
  );
}

type Ended = readonly [text: string, tone: Tone];

/** How a run ended, or that it did not. */
export function endedText(
  finished: { readonly outcome: OutcomeName } | null,
  now: { readonly damaged: boolean; readonly running: string | null; readonly unfinished: string },
): Ended {
  if (now.damaged) return ['journal damaged', 'bad'];
  if (now.running !== null) return [`running now, ${now.running}`, 'cyan'];
  if (finished === null) return [now.unfinished, 'warn'];
  const { outcome } = finished;
  const exit = exitCode(outcome);
  const good = outcome === 'held' || outcome === 'looked-only';
  return [
    `${outcome.replaceAll('-', ' ')} (exit ${exit})`,
    good ? 'good' : exit === 2 || exit === 130 ? 'warn' : 'bad',
  ];
}

export function whatText(
  meta: Pick<NonNullable<RunState['meta']>, 'runbook' | 'mode' | 'who' | 'at'> | null,
  where: string,
  took: string,
): string {
  if (meta === null) return 'nothing was written but the beginning';
  const { name, version } = meta.runbook;
  return `${name} ${version} on ${where}, ${meta.mode} by ${meta.who}, ${spacedOut(meta.at)} UTC${took}`;
}

export function runPart(
  { id, place, folder, problem, verified }: Pick<RunSource, 'id' | 'place' | 'folder' | 'problem' | 'verified'>,
  [ended, tone]: Ended,
  lines: readonly string[],
  leases: readonly string[] = [],
): Document {
  const away = `journal in ${folder}: not at home, it does not survive a reboot there`;
  const inside = [
    ...lines.map((text) => sentence(text)),
    ...leases.map((text) => sentence(text, 'warn')),
    ...(place.home ? [] : [sentence(away, 'yellow')]),
    ...(problem === null ? [] : [sentence(problem, 'bad')]),
    ...(verified === null ? [] : [sentence(verified, 'green')]),
  ];
  return section(id, [{ kind: 'indent', by: 4, inside }], { aside: ended, asideTone: tone });
}

/** Of an act that was cut short nobody knows how much of it was done. */
function perhaps(unsettled: RunState['unsettled']): string {
  const { kill = 0, delete: deleted = 0, edit = 0 } = sumOf(unsettled);
  const counts = Object.entries({ killed: kill, deleted, edited: edit }).filter(([, count]) => count > 0);
  return counts.length === 0
    ? ''
    : `; cut short, up to ${counts.map(([done, count]) => `${showCount(count)} more ${done}`).join(', ')}`;
}

function countsText(state: RunState, damaged: boolean): string {
  const { unsettled, open, steps } = state;
  const untouched = steps.every(({ attempts }) => attempts === 0);
  if (damaged && untouched) return 'what was changed cannot be told';
  const stays = open.length === 0 ? '' : `; ${plural(open.length, 'item')} open`;
  if (untouched) return `nothing changed${stays}`;
  return `${changesCounted(changesOf(state))}${damaged ? ' at least' : ''}${perhaps(unsettled)}${stays}`;
}

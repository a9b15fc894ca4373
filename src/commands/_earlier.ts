import type { FoundRun } from '../journal/find.ts';
import { isUnfinishedEnd } from '../model/fleet/outcome.ts';
import { type FleetState, fleetStateOf } from '../model/fleet/state.ts';
import { paramsOf } from '../model/run/carry.ts';
import { type Glance, outcomeUnread } from '../model/run/left-off.ts';
import type { Runbook } from '../model/runbook.ts';
import type { RunState } from '../model/state.ts';
import type { Again } from '../operations/host-life.ts';
import type { Io } from './_command.ts';
import { chosenHost, HERE, held } from './_host.ts';
import { limitWords, wordsOf } from './_limit.ts';
import { type Prepared, prepare } from './_prepare.ts';
import { drawn } from './_print.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { onOwnScreen } from './_session.ts';

type Options = Readonly<Record<string, unknown>>;

export interface Wanted {
  readonly run: string | undefined;
  readonly options: Options;
  readonly glance: Glance;
  /** Of a fleet: whether a host that waits, or came to an end that is none, makes it fit. */
  readonly open: boolean;
  /** What is said where none is named and none fits. */
  readonly none: string;
}

/** A fleet run of before, as its journal tells it. */
export interface EarlierFleet {
  readonly id: string;
  readonly fleet: FleetState;
}

/** The run of one host, or a fleet run. */
export type Meant = EarlierFleet | { readonly id: string; readonly state: RunState };

/**
 * The run that is meant: the one that is named, or the newest that fits. Only journals are read, and nothing is opened
 * for writing.
 */
export async function meantRun(io: Io, wanted: Wanted): Promise<Meant | CommandResult> {
  const fleet = await meantFleet(io, wanted);
  if (fleet !== null) return fleet;
  const { run, options, glance, none } = wanted;
  const { peekInto } = await import('../wiring/journal.ts');
  const named = await namedHost(options);
  const on = named === null ? '' : ` on ${named}`;
  const found = peekInto(io, run, {
    ...glance,
    fits: (state) => glance.fits(state) && (named === null || state.host === named),
  });
  if (!found.ok)
    return refuse(run === undefined ? `${none}${on}; see: firebreak runs` : found.message, outcomeUnread(found.code));
  const { id, state } = found.peeked;
  const other = ofAnotherKind(io, state);
  if (other !== null) return refuse(other, 'usage');
  if (named !== null && named !== state.host)
    return refuse(`${id} was a run on ${state.host}, not on ${named}`, 'usage');
  return { id, state };
}

/** The name of the host that `--host` means. */
async function namedHost(options: Options): Promise<string | null> {
  const [named] = wordsOf(options.host);
  if (named === undefined) return null;
  const { parseDestination } = await import('../model/fleet/target.ts');
  const destination = parseDestination(named);
  return destination.ok ? destination.target.name : named;
}

/** A drill that was named on the real host, or the other way round. Null: it is of the same kind, in the same scene. */
function ofAnotherKind({ scene }: Io, { run, meta }: RunState): string | null {
  const drill = meta?.drill;
  if (scene === drill?.scene) return null;
  if (!drill) return `${run} was a real run, and this is a drill: it is not touched here`;
  return `${run} was a drill: its scene ${drill.scene} ended with it, and there is nothing to take up. To rehearse again: firebreak drill ${meta?.runbook.name}`;
}

// ---------------------------------------------------------------- many hosts

/** The newest fleet that fits, unless something newer fits that is not part of it. Null: it is no fleet that is meant. */
async function meantFleet(io: Io, wanted: Wanted): Promise<EarlierFleet | null> {
  const { findRuns, pickRun } = await import('../journal/find.ts');
  const { placesFor } = await import('../journal/places.ts');
  const { runs } = findRuns({ places: placesFor(io), uid: io.uid });
  // A drill is of this machine alone.
  if (io.scene !== undefined) return null;
  if (wanted.run === undefined) return newestFleet(runs, wanted);
  const picked = pickRun(runs, wanted.run);
  return picked.ok ? fleetIn(picked.run) : null;
}

async function fleetIn({ id, folder }: FoundRun): Promise<EarlierFleet | null> {
  const { readJournal } = await import('../journal/read.ts');
  const { fleetEventsIn } = await import('../wiring/journal.ts');
  const read = readJournal(folder);
  const events = fleetEventsIn(read.ok ? read.events : read.before);
  return events && { id, fleet: fleetStateOf(events) };
}

/** With hosts: one that has them all. */
async function newestFleet(runs: readonly FoundRun[], { glance, open, options }: Wanted): Promise<EarlierFleet | null> {
  const { fitting: fitsThe, isFleetId } = await import('../wiring/journal.ts');
  const fitting = (run: FoundRun): boolean => fitsThe(run, glance) !== null;
  let newer: readonly FoundRun[] = runs;
  for (const found of runs.filter(({ id }) => isFleetId(id))) {
    const earlier = await fleetIn(found);
    if (earlier === null) continue;
    const { hosts } = earlier.fleet;
    const parts = new Set(hosts.flatMap(({ run }) => run ?? []));
    const after = newer.slice(0, newer.indexOf(found));
    if (after.some((run) => !parts.has(run.id) && fitting(run))) return null;
    const has = wordsOf(options.host).every((name) => hosts.some(({ host }) => host === name));
    const fits = (open && isOpen(earlier.fleet)) || runs.some((run) => parts.has(run.id) && fitting(run));
    if (has && fits) return earlier;
    newer = newer.slice(newer.indexOf(found) + 1).filter(({ id }) => !parts.has(id));
  }
  return null;
}

/** Somebody waits for a turn, or came to an end that is none. */
function isOpen({ finished, hosts }: FleetState): boolean {
  return (
    finished === null || hosts.some(({ status, end }) => status === 'waiting' || (end !== null && isUnfinishedEnd(end)))
  );
}

// ---------------------------------------------------------------- take it up

interface Going extends Pick<Again<CommandResult>, 'over' | 'goOn'> {
  readonly what: 'resume' | 'rollback';
  readonly options: Options;
}

/** The same host, reached as it was; the runbook as it is now, and its parameters as they were. */
export async function takeUpHere(
  io: Io,
  { id, state }: { readonly id: string; readonly state: RunState },
  { what, options, over, goOn }: Going,
): Promise<CommandResult> {
  const { meta } = state;
  if (meta === null) return refuse(saysNothing(id), 'no-such-file');
  const { target, drill } = meta;
  const before = target && { targets: [target], skipped: [], config: target.config, become: false, password: null };
  const chosen = before ? await chosenHost(io, options, before) : { ...HERE, limits: limitWords(options).limits };
  if (hasEnded(chosen)) return chosen;
  const prepared = await preparedAgain(io, meta, options, chosen);
  if (hasEnded(prepared)) return prepared;
  return held(io, chosen, `${what} ${id}`, async (world, host) => {
    const { takeUpOn } = await import('../operations/host-life.ts');
    const { version } = await import('../wiring/version.ts');
    const notes = [...chosen.notes, ...prepared.notes];
    const asked = {
      ...prepared,
      notes,
      params: paramsOf(state),
      who: io.user,
      tool: version(),
      ...(drill && { drill }),
    };
    return takeUpOn(world, host, { run: id, request: asked, over, goOn }, onOwnScreen(io, options));
  });
}

export const saysNothing = (id: string): string => `${id} ended before it began: there is nothing to go on with`;

/** Of an earlier run, its runbook as it is now. */
export async function preparedAgain(
  io: Io,
  { runbook, text }: { readonly runbook: Pick<Runbook['source'], 'path' | 'hash'>; readonly text?: string },
  options: Options,
  chosen: { readonly limits: readonly string[] },
): Promise<Prepared | CommandResult> {
  const prepared = await prepare(io, runbook.path, { ...options, param: undefined }, chosen);
  if (hasEnded(prepared)) return prepared;
  const { source } = prepared.runbook;
  const same = text === undefined ? source.hash === runbook.hash : source.text === text;
  return same ? prepared : ((await whatWasEdited(io, source, { text, options })) ?? prepared);
}

/**
 * A runbook that was edited meanwhile is shown as a diff. A person goes on with the new one; automation stops: nobody
 * has looked at it.
 */
async function whatWasEdited(
  io: Io,
  { path, text: after }: Runbook['source'],
  { text: before, options }: { readonly text: string | undefined; readonly options: Options },
): Promise<CommandResult | null> {
  const blocks = before === undefined ? [] : ([{ kind: 'diff', path, before, after }] as const);
  const diff = before === undefined ? '' : await drawn(io, [{ kind: 'blocks', blocks }], true);
  if (options.unattended === true)
    return {
      ...refuse('the runbook was edited since the run began; a person has to take it up', 'plan-mismatch'),
      drawn: diff,
    };
  io.stderr(
    `${diff}firebreak: the runbook was edited since the run began: what is not finished is planned anew from what it says now\n`,
  );
  return null;
}

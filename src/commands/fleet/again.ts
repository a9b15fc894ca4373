import type { LocalJournal } from '../../journal/append.ts';
import type { Selection } from '../../model/fleet/selection.ts';
import { type FleetState, fleetStateOf } from '../../model/fleet/state.ts';
import type { Target } from '../../model/fleet.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { FleetRequest } from '../../operations/fleet-parts.ts';
import type { Io } from '../_command.ts';
import { wordsOf } from '../_limit.ts';
import { type Prepared, prepare } from '../_prepare.ts';
import { type CommandResult, hasEnded, refuse } from '../_result.ts';
import type { EarlierFleet } from './earlier.ts';
import { requestOf } from './fleet.ts';
import { targetsOf } from './hosts.ts';
import { actOnFleet, aloneWith } from './session.ts';

type Options = Readonly<Record<string, unknown>>;

export function resumeFleetHere(io: Io, earlier: EarlierFleet, options: Options): Promise<CommandResult> {
  return again(io, earlier, options, async (request, parts, { state, only }) => {
    const { resumeFleet } = await import('../../operations/fleet.ts');
    return resumeFleet(request, parts, state, only);
  });
}

export function rollBackFleetHere(io: Io, earlier: EarlierFleet, options: Options): Promise<CommandResult> {
  return again(io, earlier, options, async (request, parts, { state, only }) => {
    const { rollBackFleet } = await import('../../operations/fleet-rollback.ts');
    return rollBackFleet(request, parts, state, only);
  });
}

interface Mine {
  readonly state: FleetState;
  /** Null: all hosts. */
  readonly only: ReadonlySet<string> | null;
}

type Going = (
  request: FleetRequest,
  parts: Parameters<Parameters<typeof actOnFleet>[2]>[0],
  mine: Mine,
) => ReturnType<Parameters<typeof actOnFleet>[2]>;

/**
 * The same hosts, reached as before unless the command line says otherwise; the runbook as it is now, and its
 * parameters as they were.
 */
async function again(io: Io, earlier: EarlierFleet, options: Options, go: Going): Promise<CommandResult> {
  const { id } = earlier.found;
  const state = fleetStateOf(earlier.events);
  const { meta } = state;
  if (meta === null) return refuse(`${id} ended before it began: there is nothing to go on with`, 'no-such-file');
  const only = hostsOf(state, options);
  if (typeof only === 'string') return refuse(only, 'usage');
  const selection = await reachedAgain(io, options, { targets: meta.hosts, skipped: meta.skipped, reach: meta.reach });
  if (hasEnded(selection)) return selection;
  const prepared = await prepare(io, meta.runbook.path, { ...options, param: undefined, limit: undefined });
  if (hasEnded(prepared)) return prepared;
  const edited = whatWasEdited(io, prepared, meta.runbook.hash, options);
  if (edited !== null) return edited;
  const asked = await requestOf(io, prepared, selection, { ...meta.strategy, ...selection.strategy });
  const request = { ...asked, params: meta.params, hosts: meta.hosts };
  return aloneWith(io, id, async () => {
    const journal = await reopen(io, earlier);
    if (hasEnded(journal)) return journal;
    return actOnFleet(io, { prepared, selection, request, journal, options, before: state }, (parts) =>
      go(request, parts, { state, only }),
    );
  });
}

/** A sentence: what is wrong with `--host`. */
function hostsOf({ run, hosts }: FleetState, options: Options): ReadonlySet<string> | null | string {
  const words = [...wordsOf(options.host), ...wordsOf(options.hosts).flatMap((list) => list.split(','))];
  const unknown = words.find((word) => hosts.every(({ host }) => host !== word));
  if (unknown !== undefined) return `--host ${unknown}: the fleet run ${run} has no such host`;
  return words.length === 0 ? null : new Set(words);
}

interface Before {
  readonly targets: readonly Target[];
  readonly skipped: readonly string[];
  readonly reach: Json;
}

/**
 * The ssh options are read as ever, with what was said before where nothing is said now; who the hosts are the journal
 * tells.
 */
async function reachedAgain(
  io: Io,
  options: Options,
  { targets, skipped, reach }: Before,
): Promise<Selection | CommandResult> {
  const { config = null, become = false, password = null } = isObject(reach) ? reach : {};
  const from = isObject(password) && typeof password.from === 'string' ? password.from : null;
  const given = options.askBecomePassword !== undefined || options.becomePassword !== undefined;
  const selection = await targetsOf(io, {
    ...options,
    // Somebody must be chosen for the options to be read; who it is does not matter.
    ...{ host: undefined, hosts: 'localhost', inventory: undefined, limit: undefined, skip: undefined },
    ...(options.sshConfig === undefined && typeof config === 'string' && { sshConfig: config }),
    ...(become === true && { become }),
    ...(!given && from !== null && (from === 'typed' ? { askBecomePassword: true } : { becomePassword: from })),
  });
  if (selection === null) throw new Error('bug: a fleet without hosts');
  return hasEnded(selection) ? selection : { ...selection, targets, skipped };
}

/** A person goes on with the runbook as it is now; automation stops: nobody has looked at it. */
function whatWasEdited(io: Io, { runbook }: Prepared, before: string, options: Options): CommandResult | null {
  if (runbook.source.hash === before) return null;
  if (options.unattended === true)
    return refuse('the runbook was edited since the fleet run began; a person has to take it up', 'plan-mismatch');
  io.stderr(
    'firebreak: the runbook was edited since the fleet run began: what is not finished is planned anew from what it says now\n',
  );
  return null;
}

async function reopen(io: Io, { found }: EarlierFleet): Promise<LocalJournal | CommandResult> {
  const [{ reopenJournal }, { placesFor }] = await Promise.all([
    import('../../journal/reopen.ts'),
    import('../../journal/places.ts'),
  ]);
  const reopened = await reopenJournal({ found, places: placesFor(io), uid: io.uid });
  if (reopened.ok) return reopened.journal;
  return refuse(reopened.message, reopened.code === 'no-journal' ? 'no-journal' : 'journal-damaged');
}

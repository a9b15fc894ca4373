import type { FleetPlan } from '../../model/fleet/ports.ts';
import type { Selection } from '../../model/fleet/selection.ts';
import { type FleetState, fleetStateOf } from '../../model/fleet/state.ts';
import type { Strategy } from '../../model/fleet/strategy.ts';
import { isObject, type Json } from '../../model/json.ts';
import { type Journal, JournalError } from '../../model/ports.ts';
import { outcomeUnread } from '../../model/run/left-off.ts';
import { stateOf } from '../../model/state.ts';
import { commandLine } from '../../model/text/quote.ts';
import type { FleetEnding } from '../../operations/fleet/life.ts';
import type { FleetParts, FleetRequest } from '../../operations/fleet/parts.ts';
import type { ReviewWords } from '../../views/tell/fleet/plan.ts';
import type { Io } from '../_command.ts';
import { whyNotLook } from '../_declared.ts';
import { type EarlierFleet, preparedAgain, saysNothing } from '../_earlier.ts';
import { hostWords, wordsOf } from '../_limit.ts';
import { type Prepared, prepare } from '../_prepare.ts';
import { print, progressOn } from '../_print.ts';
import { type CommandResult, hasEnded, refuse } from '../_result.ts';
import { commandFor } from '../_save.ts';
import { inSession, nobodyDecides, wishOf } from '../_session.ts';
import { type Earlier, reachOf, targetsOf } from './hosts.ts';

type Options = Readonly<Record<string, unknown>>;

/** What was chosen and loaded. */
interface Chosen {
  readonly prepared: Prepared;
  readonly selection: Selection;
  readonly request: FleetRequest;
}

async function choose(io: Io, name: string, options: Options): Promise<Chosen | CommandResult> {
  const selection = await targetsOf(io, options);
  if (selection === null) throw new Error('bug: a fleet without hosts');
  if (hasEnded(selection)) return selection;
  const prepared = await prepare(io, name, options, selection);
  if (hasEnded(prepared)) return prepared;
  const refused = await whyNotLook(io, prepared, { options, hosts: selection.targets.map((target) => target.name) });
  if (refused !== null) return refused;
  const { strategyOf } = await import('../../model/fleet/strategy.ts');
  return {
    prepared,
    selection,
    request: await requestOf(io, prepared, selection, strategyOf(prepared.runbook.fleet, selection.strategy)),
  };
}

/** No bolder than the policy allows. */
async function requestOf(
  io: Io,
  prepared: Prepared,
  { targets, skipped, ssh, notes: trusted }: Selection,
  asked: Strategy,
): Promise<FleetRequest> {
  const { inBatchOrder } = await import('../../model/fleet/batches.ts');
  const { decideFleet } = await import('../../model/fleet/limits.ts');
  const { version } = await import('../../wiring/version.ts');
  const { marksOf, ownNotes } = await import('../../wiring/environment.ts');
  const { runbook, params, raised, policy, notes } = prepared;
  const decided = policy
    ? decideFleet({ policy, runbook, params, hosts: targets }, asked)
    : { strategy: asked, notes: [] };
  return {
    ...{ runbook, params, raised, skipped },
    strategy: decided.strategy,
    hosts: inBatchOrder(asked.order, targets, Math.random),
    reach: { config: ssh.config, become: ssh.become, password: ssh.password ? { ...ssh.password } : null },
    who: io.user,
    policy,
    tool: version(),
    ...marksOf(io),
    notes: [...notes, ...trusted],
    fleetNotes: [...ownNotes(io), ...decided.notes],
  };
}

// ---------------------------------------------------------------- plan

/** Phase one alone: every host is looked at, and the exit code is that of the worst. */
export async function planFleetHere(io: Io, name: string | undefined, options: Options): Promise<CommandResult> {
  const single = ['save', 'diff', 'plan', 'valid'].find((option) => options[option] !== undefined);
  if (single !== undefined) return refuse(`--${single} is for one host: name it with --host`, 'usage');
  if (name === undefined) return refuse('name a runbook; `firebreak list` names those of the library', 'usage');
  const chosen = await choose(io, name, options);
  if (hasEnded(chosen)) return chosen;
  const [{ planFleet }, wired, progress] = await Promise.all([
    import('../../operations/fleet/plan.ts'),
    wire(io, chosen),
    progressOn(io, options),
  ]);
  try {
    const planned = await planFleet(chosen.request, {
      ...wired,
      signal: io.interrupts.signal,
      progress: ({ done, of, host }) => progress.at(`${done} of ${of} hosts, ${host}`),
    });
    progress.end();
    if ('reason' in planned) return refuse(`${planned.reason}; nothing was looked at`, planned.outcome);
    if (io.interrupts.signal.aborted) return { outcome: 'interrupted' };
    const refusal = await wired.permit(planned.acting);
    const notes = [...chosen.request.fleetNotes, ...chosen.request.notes];
    const words = {
      command: commandOf(name, options),
      notes,
      refusal: refusal && { outcome: refusal.outcome, reasons: [refusal.reason] },
    };
    await show(io, planned.plan, options, words);
    const { worstOf } = await import('../../model/fleet/outcome.ts');
    return { outcome: worstOf([planned.outcome, ...(refusal ? [refusal.outcome] : [])]) };
  } finally {
    await wired.release();
  }
}

function commandOf(name: string, options: Options): string {
  const words = commandLine(hostWords(options));
  return [commandFor(name, { ...options, save: undefined, plan: undefined }), ...(words === '' ? [] : [words])].join(
    ' ',
  );
}

async function show(io: Io, plan: FleetPlan, options: Options, words: ReviewWords): Promise<void> {
  await print(io, (await import('../../views/tell/fleet/plan.ts')).tellReview(plan, words), options);
}

// ---------------------------------------------------------------- run

export async function runFleetHere(io: Io, name: string | undefined, options: Options): Promise<CommandResult> {
  if (options.dryRun === true) return planFleetHere(io, name, options);
  if (options.plan !== undefined) return refuse('a saved plan is of one host: name it with --host', 'usage');
  if (name === undefined) return refuse('name a runbook; `firebreak list` names those of the library', 'usage');
  const refusal = nobodyDecides(io, options);
  if (refusal !== null) return refusal;
  const chosen = await choose(io, name, options);
  if (hasEnded(chosen)) return chosen;
  const [{ runFleet }, wired] = await Promise.all([import('../../operations/fleet/run.ts'), wire(io, chosen)]);
  const opened = await wired.openRun(`fleet-${chosen.prepared.runbook.name}`, null);
  if (!opened.ok) return refuse(opened.message, 'no-journal');
  const { journal } = opened;
  return aloneWith(io, journal.run, () =>
    actOnFleet(io, { wired, journal, options }, (parts) => runFleet(chosen.request, parts)),
  );
}

async function wire(io: Io, { prepared, selection }: Pick<Chosen, 'prepared' | 'selection'>) {
  const { wireFleet } = await import('../../wiring/fleet.ts');
  return wireFleet({ ...io, ...prepared, reach: reachOf(io, selection) });
}

interface Acting {
  readonly wired: Awaited<ReturnType<typeof wire>>;
  readonly journal: Journal;
  readonly options: Options;
  /** Of a run that goes on: what its journal adds up to. */
  readonly before?: FleetState;
}

async function actOnFleet(
  io: Io,
  { wired, journal, options, before }: Acting,
  go: (parts: FleetParts) => Promise<FleetEnding>,
): Promise<CommandResult> {
  const { fleetScreenFor } = await import('../../wiring/screen.ts');
  const runState = (run: string) => {
    const read = wired.readRun(run);
    return read.ok ? stateOf(read.events) : null;
  };
  const wish = wishOf(options);
  const { view, ask } = await fleetScreenFor(io, wish, before && { fleet: before, runState });
  const close = async (): Promise<void> => {
    await view.close();
    await wired.release();
  };
  const session = { journal, unattended: !wish.attended, close, left: whoIsLeft };
  return inSession(io, session, async () => {
    try {
      return { outcome: (await go({ ...wired, journal, views: [view], ask })).outcome };
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      return refuse(`${error.message}; no further host was begun`, 'no-journal');
    }
  });
}

/** Whoever resumes a fleet run that is still at work is told so: two of them would write one journal. */
async function aloneWith(io: Io, fleet: string, go: () => Promise<CommandResult>): Promise<CommandResult> {
  const { takeLock } = await import('../../journal/lock.ts');
  const { holderOf } = await import('../../wiring/world.ts');
  const taken = await takeLock({ uid: io.uid, name: fleet }, holderOf(io, fleet));
  if (!taken.ok) return refuse(taken.message, taken.code === 'locked' ? 'locked' : 'unsupported-machine');
  try {
    return await go();
  } finally {
    taken.lock.release();
  }
}

/** Names the hosts that are left half-way. */
async function whoIsLeft(events: Parameters<typeof stateOf>[0]): Promise<CommandResult> {
  const { fleetEventsIn } = await import('../../wiring/journal.ts');
  const { run, hosts } = fleetStateOf(fleetEventsIn([...events]) ?? []);
  const atWork = hosts.filter(({ status }) => status === 'running').map(({ host }) => host);
  const named = atWork.length === 0 ? 'no host was at work' : `left half-way: ${atWork.join(', ')}`;
  const drawn = [`firebreak: ended at once; ${named}`, `  firebreak resume ${run}      goes on`];
  if (atWork.length > 0)
    drawn.push(
      `  firebreak rollback ${run}    undoes what was done`,
      'What was stopped on them is started again over there by its lease.',
    );
  return { outcome: atWork.length > 0 ? 'outcome-unknown' : 'interrupted', drawn: `${drawn.join('\n')}\n` };
}

// ---------------------------------------------------------------- resume, rollback

/** Null: all hosts. */
type Only = ReadonlySet<string> | null;

/** The same hosts, reached as before; the runbook as it is now, and its parameters as they were. */
export async function takeUpFleetHere(
  io: Io,
  { id, fleet: state }: EarlierFleet,
  { what, options }: { readonly what: 'resume' | 'rollback'; readonly options: Options },
): Promise<CommandResult> {
  const { meta } = state;
  if (meta === null) return refuse(saysNothing(id), 'no-such-file');
  const only = hostsOf(state, options);
  if (typeof only === 'string') return refuse(only, 'usage');
  const selection = await targetsOf(io, options, {
    targets: meta.hosts,
    skipped: meta.skipped,
    ...reachIn(meta.reach),
  });
  if (hasEnded(selection)) return selection;
  if (selection === null) throw new Error('bug: a fleet without hosts');
  const prepared = await preparedAgain(io, meta, options, selection);
  if (hasEnded(prepared)) return prepared;
  const asked = await requestOf(io, prepared, selection, { ...meta.strategy, ...selection.strategy });
  const request = { ...asked, params: meta.params, hosts: meta.hosts };
  const go =
    what === 'resume'
      ? (await import('../../operations/fleet/run.ts')).resumeFleet
      : (await import('../../operations/fleet/rollback.ts')).rollBackFleet;
  return aloneWith(io, id, async () => {
    const wired = await wire(io, { prepared, selection });
    const reopened = await wired.reopenRun(id);
    if (!reopened.ok) return refuse(reopened.message, outcomeUnread(reopened.code));
    const { journal } = reopened;
    return actOnFleet(io, { wired, journal, options, before: state }, (parts) => go(request, parts, state, only));
  });
}

/** A sentence: what is wrong with `--host`. */
function hostsOf({ run, hosts }: FleetState, options: Options): Only | string {
  const words = [...wordsOf(options.host), ...wordsOf(options.hosts).flatMap((list) => list.split(','))];
  const unknown = words.find((word) => hosts.every(({ host }) => host !== word));
  if (unknown !== undefined) return `--host ${unknown}: the fleet run ${run} has no such host`;
  return words.length === 0 ? null : new Set(words);
}

/** As its journal has it. */
function reachIn(reach: Json): Pick<Earlier, 'config' | 'become' | 'password'> {
  const { config = null, become = false, password = null } = isObject(reach) ? reach : {};
  const from = isObject(password) ? password.from : null;
  return {
    config: typeof config === 'string' ? config : null,
    become: become === true,
    password: typeof from === 'string' ? from : null,
  };
}

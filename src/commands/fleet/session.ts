import type { LocalJournal } from '../../journal/append.ts';
import type { FleetAsk, FleetPlan, FleetView } from '../../model/fleet/ports.ts';
import type { Selection } from '../../model/fleet/selection.ts';
import type { FleetState } from '../../model/fleet/state.ts';
import type { Interrupts } from '../../model/ports.ts';
import type { Redact } from '../../model/secret.ts';
import type { FleetEnding } from '../../operations/fleet-life.ts';
import type { FleetParts, FleetRequest } from '../../operations/fleet-parts.ts';
import type { Before } from '../../views/tell/fleet/follow.ts';
import { stopSwitch } from '../../wiring/stop-switch.ts';
import type { Io } from '../_command.ts';
import type { Prepared } from '../_prepare.ts';
import { type CommandResult, refuse } from '../_result.ts';
import { OUTPUTS } from '../_session.ts';
import { reachOf } from './hosts.ts';

type Options = Readonly<Record<string, unknown>>;

export interface FleetSession {
  readonly prepared: Prepared;
  readonly selection: Selection;
  readonly request: FleetRequest;
  readonly journal: LocalJournal;
  readonly options: Options;
  /** Of a run that goes on: what its journal adds up to. */
  readonly before?: FleetState;
}

/** What reaches hosts and keeps their journals. */
export async function wire(io: Io, { prepared, selection }: Pick<FleetSession, 'prepared' | 'selection'>) {
  const { wireFleet } = await import('../../wiring/fleet.ts');
  return wireFleet({ ...io, ...prepared, reach: reachOf(io, selection) });
}

/**
 * Sets the stage for many hosts, lets `go` act on it, and leaves journals, connections and terminal in order, whatever
 * came of it.
 */
export async function actOnFleet(
  io: Io,
  session: FleetSession,
  go: (parts: FleetParts) => Promise<FleetEnding>,
): Promise<CommandResult> {
  const { journal, request } = session;
  const wired = await wire(io, session);
  const { before: fleet } = session;
  const screen = await screenFor(io, session, fleet && { fleet, runState: wired.runState });
  const watching = request.mode === 'unattended' ? watchSwitch(io) : undefined;
  let over = false;
  try {
    const going = go({ ...wired, journal, views: [screen.view], ask: screen.ask });
    const ending = await Promise.race([going, thirdTime(io.interrupts)]);
    if (ending === null) return await leaveTheRest(io, journal);
    over = true;
    return { outcome: ending.outcome };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'JournalError') throw error;
    return refuse(`${error.message}; no further host was begun`, 'no-journal');
  } finally {
    clearInterval(watching);
    journal.settle();
    await journal.close();
    await screen.view.close();
    await wired.release();
    if (over) (await import('../../wiring/retention.ts')).tidyAfter(io, journal.run);
  }
}

/** Whoever resumes a fleet run that is still at work is told so: two of them would write one journal. */
export async function aloneWith(io: Io, fleet: string, go: () => Promise<CommandResult>): Promise<CommandResult> {
  const { takeLock } = await import('../../journal/lock.ts');
  const taken = await takeLock(
    { uid: io.uid, name: fleet },
    { run: fleet, who: io.user, pid: io.pid, since: new Date().toISOString() },
  );
  if (!taken.ok) return refuse(taken.message, taken.code === 'locked' ? 'locked' : 'unsupported-machine');
  try {
    return await go();
  } finally {
    taken.lock.release();
  }
}

interface Screen {
  readonly view: FleetView;
  readonly ask: FleetAsk | null;
}

/** Attended: rows and questions on stderr. Unattended: lines, NDJSON or JUnit on stdout. */
async function screenFor(
  io: Io,
  { request: { mode }, options }: FleetSession,
  before: Before | undefined,
): Promise<Screen> {
  const { stdout: write, columns, color, secrets } = io;
  const all = options.all === true;
  if (mode === 'interactive') {
    const { fleetTerminal } = await import('../../views/fleet/terminal.ts');
    const view = await fleetTerminal({ ...io, color: color.stderr, all, dumb: io.env.TERM === 'dumb', before });
    if (!secrets) return { view, ask: view.ask };
    const planned = (plan: FleetPlan) => view.planned?.(secrets.redact(plan));
    return { view: { ...view, planned }, ask: redacting(view.ask, secrets.redact) };
  }
  switch (OUTPUTS.find((form) => form === options.output) ?? 'text') {
    case 'ndjson':
      return { view: (await import('../../views/json.ts')).ndjsonView({ write }), ask: null };
    case 'junit':
      return { view: (await import('../../views/fleet/junit.ts')).fleetJunitView({ write, before }), ask: null };
    case 'text':
      return {
        view: (await import('../../views/fleet/lines.ts')).fleetLinesView({
          write,
          before,
          columns,
          color: color.stdout,
          all,
        }),
        ask: null,
      };
  }
}

/** Questions show what was just observed: it has not come through the spine. */
function redacting(ask: FleetAsk, redact: Redact): FleetAsk {
  return {
    approve: (plan) => ask.approve(redact(plan)),
    next: (batch) => ask.next(redact(batch)),
    undo: (undo) => ask.undo(redact(undo)),
    confirm: (manual) => ask.confirm(redact(manual)),
  };
}

/**
 * Hosts at work hear of the switch too, and stop at their own safe points. Once: the fleet hears it, however often it
 * is raised.
 */
function watchSwitch(io: Io): NodeJS.Timeout {
  const stop = stopSwitch(io);
  const timer = setInterval(() => {
    const reason = stop();
    if (reason === null) return;
    clearInterval(timer);
    io.interrupts.raise(reason);
  }, 1000);
  return timer.unref();
}

/** The third Ctrl-C or SIGTERM: null, whatever is still under way. */
function thirdTime({ third }: Interrupts): Promise<null> {
  return new Promise((resolve) => third.addEventListener('abort', () => resolve(null), { once: true }));
}

/**
 * Names the hosts that are left half-way, from the journal. Closed, it takes nothing more, and so no further host is
 * begun.
 */
async function leaveTheRest(io: Io, journal: LocalJournal): Promise<CommandResult> {
  await journal.close();
  const { endNow } = await import('../../hosts/end-tree.ts');
  endNow();
  const [{ readJournal }, { fleetEventsIn }, { fleetStateOf }] = await Promise.all([
    import('../../journal/read.ts'),
    import('../../wiring/journal.ts'),
    import('../../model/fleet/state.ts'),
  ]);
  const read = readJournal(journal.folder);
  const state = fleetStateOf(fleetEventsIn(read.ok ? read.events : read.before) ?? []);
  const atWork = state.hosts.filter(({ status }) => status === 'running').map(({ host }) => host);
  const named = atWork.length === 0 ? 'no host was at work' : `left half-way: ${atWork.join(', ')}`;
  io.stderr(`firebreak: ended at once; ${named}\n  firebreak resume ${journal.run}      goes on\n`);
  if (atWork.length > 0)
    io.stderr(
      `  firebreak rollback ${journal.run}    undoes what was done\nWhat was stopped on them is started again over there by its lease.\n`,
    );
  return { outcome: atWork.length > 0 ? 'outcome-unknown' : 'interrupted' };
}

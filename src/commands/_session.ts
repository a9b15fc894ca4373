import type { LocalJournal } from '../journal/append.ts';
import type { Holder } from '../journal/lock.ts';
import type { Plan } from '../model/plan.ts';
import type { Mode } from '../model/policy/permit.ts';
import type { Ask, Catalogue, Interrupts } from '../model/ports.ts';
import type { Redact } from '../model/secret.ts';
import { stateOf } from '../model/state.ts';
import type { RunParts } from '../operations/carry-out.ts';
import type { Ending } from '../run/running.ts';
import { lockName } from '../wiring/environment.ts';
import { stopSwitch } from '../wiring/stop-switch.ts';
import type { CommandOption, Io } from './_command.ts';
import { drawn } from './_print.ts';
import { type CommandResult, refuse } from './_result.ts';
import type { Stage } from './_stage.ts';

type Options = Readonly<Record<string, unknown>>;

export const OUTPUTS = ['text', 'ndjson', 'junit'] as const;

/** Who decides, and how it is shown: for every command that acts. */
export const SESSION_OPTIONS: readonly CommandOption[] = [
  { flags: '--unattended', about: 'never ask; needs --policy' },
  {
    flags: '--output <form>',
    about: 'text; ndjson: every event as one line of JSON; junit: a report for pipelines',
    choices: OUTPUTS,
    default: 'text',
  },
  { flags: '--all', about: 'every process and file, not the first twenty' },
];

/**
 * Nobody to ask and no policy: refused before any prompt is constructed. The exit code, or null where somebody decides.
 */
export function nobodyDecides(io: Io, { unattended, policy, output }: Options): CommandResult | null {
  const stopped = unattended === true ? stopSwitch(io)() : null;
  if (stopped !== null)
    return refuse(`${stopped}; nothing was started. A person at a terminal may still run it`, 'refused-by-policy');
  if (unattended === true && policy === undefined) {
    return refuse(
      '--unattended needs --policy FILE: what automation may do without asking (see examples/policy.yaml)',
      'refused-by-policy',
    );
  }
  if (unattended !== true && policy !== undefined)
    return refuse('--policy goes with --unattended; at a terminal you are asked before each action', 'usage');
  if (unattended === true) return null;
  if (output === 'ndjson' || output === 'junit')
    return refuse(`--output ${output} is for automation: add --unattended --policy FILE`, 'usage');
  if (io.tty.stdin && io.tty.stderr) return null;
  return refuse(
    'there is no terminal to ask at. For automation: --unattended --policy FILE; to look only: firebreak plan',
    'refused-by-policy',
  );
}

/**
 * One run a host: whoever comes second is told who is first, and nothing is touched. A rehearsal has a lock of its own.
 */
export async function alone(io: Io, what: string, go: () => Promise<CommandResult>): Promise<CommandResult> {
  const [{ takeLock }, { heldFromAfar }] = await Promise.all([
    import('../journal/lock.ts'),
    import('../journal/from-afar.ts'),
  ]);
  const name = lockName(io);
  const taken = await takeLock({ uid: io.uid, ...(name !== undefined && { name }) }, holderOf(io, what));
  if (!taken.ok) return refuse(taken.message, taken.code === 'locked' ? 'locked' : 'unsupported-machine');
  try {
    if (name === undefined && heldFromAfar(io)) return refuse(FROM_AFAR, 'locked');
    return await go();
  } finally {
    taken.lock.release();
  }
}

const FROM_AFAR = 'another run holds this host: it was started elsewhere and came over ssh; nothing was touched';

const holderOf = (io: Io, run: string): Holder => ({ run, who: io.user, pid: io.pid, since: new Date().toISOString() });

/** The same wherever it is; `go` gets what is to be known of the lock, for the journal. */
export async function aloneOn(
  io: Io,
  stage: Stage,
  what: string,
  go: (notes: readonly string[]) => Promise<CommandResult>,
): Promise<CommandResult> {
  if (stage.elsewhere === null) return alone(io, what, () => go(stage.notes));
  const taken = await stage.elsewhere.lock(holderOf(io, what));
  if (!taken.ok) return refuse(taken.message, taken.code === 'locked' ? 'locked' : 'outcome-unknown');
  try {
    return await go([...stage.notes, ...(taken.note === null ? [] : [taken.note])]);
  } finally {
    await taken.release();
  }
}

/**
 * A deletion of a million files, a command of minutes: the step at work hears of the switch too, and stops at its own
 * safe point.
 */
function watchSwitch(io: Io, stop: () => string | null): NodeJS.Timeout {
  const look = () => {
    const reason = stop();
    if (reason !== null && !io.interrupts.signal.aborted) io.interrupts.raise(reason);
  };
  return setInterval(look, 1000).unref();
}

/** Questions show what was just observed: it has not come through the spine. */
function redacting(ask: Ask, redact: Redact): Ask {
  return {
    approve: (question) => ask.approve(redact(question)),
    undo: (question) => ask.undo(redact(question)),
    confirm: (question) => ask.confirm(redact(question)),
    failed: (question) => ask.failed(redact(question)),
    interrupted: (question) => ask.interrupted(redact(question)),
  };
}

interface Session {
  readonly stage: Stage;
  readonly journal: LocalJournal;
  readonly mode: Mode;
  readonly catalogue: Catalogue;
  readonly options: Options;
}

/** The third Ctrl-C or SIGTERM: null, whatever is still under way. */
function thirdTime({ third }: Interrupts): Promise<null> {
  return new Promise((resolve) => third.addEventListener('abort', () => resolve(null), { once: true }));
}

/**
 * Says what is left, from the journal, and for a person to do. Closed, the journal takes nothing more, and so nothing
 * more is done.
 */
async function leaveTheRest(io: Io, journal: LocalJournal, plan: Plan | null): Promise<CommandResult> {
  await journal.close();
  const { endNow } = await import('../hosts/end-tree.ts');
  endNow();
  const [{ readJournal }, { tellLeft }] = await Promise.all([
    import('../journal/read.ts'),
    import('../views/tell/left.ts'),
  ]);
  const read = readJournal(journal.folder);
  const state = stateOf(read.ok ? read.events : read.before);
  io.stderr(await drawn(io, tellLeft(state, plan), true));
  const acted = state.steps.some(({ phase, attempts }) => phase === 'act' && attempts > 0);
  return { outcome: acted ? 'outcome-unknown' : 'interrupted' };
}

/** Over a connection that is lost nothing can be started. */
function whatBecameOf({ hosts: { host } }: Stage): string {
  const { connection } = host;
  const cut = connection !== undefined && (connection.lost() !== null || connection.unanswered().count > 0);
  return cut
    ? `what was stopped for the remedy ${host.name} starts again itself, by its lease`
    : 'what was stopped for the remedy was started again';
}

/** Sets the stage, lets `go` act on it, and leaves journal and terminal in order, whatever came of it. */
export async function act(
  io: Io,
  { stage, journal, mode, catalogue, options }: Session,
  go: (parts: RunParts) => Promise<Ending>,
): Promise<CommandResult> {
  const [{ systemClock }, { screenFor }] = await Promise.all([
    import('../wiring/clock.ts'),
    import('../wiring/screen.ts'),
  ]);
  const screen = await screenFor(io, {
    mode: mode.kind,
    output: OUTPUTS.find((form) => form === options.output) ?? 'text',
    all: options.all === true,
  });
  const stop = stopSwitch(io);
  const watching = mode.kind === 'unattended' ? watchSwitch(io, stop) : undefined;
  let made: Plan | null = null;
  let over = false;
  const planned = (plan: Plan): void => {
    made = plan;
    screen.planned(plan);
  };
  try {
    const { secrets } = io;
    const asking = screen.ask && secrets ? redacting(screen.ask, secrets.redact) : screen.ask;
    const { host, readOnlyHost } = stage.hosts;
    const parts = { host, readOnlyHost, ...screen, ask: asking, ...(secrets && { secrets }) };
    const going = go({ ...parts, planned, catalogue, clock: systemClock, journal, interrupts: io.interrupts, stop });
    const ending = await Promise.race([going, thirdTime(io.interrupts)]);
    if (ending === null) return await leaveTheRest(io, journal, made);
    over = true;
    return { outcome: ending.outcome };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'JournalError') throw error;
    return refuse(`${error.message}; stopped at once, and ${whatBecameOf(stage)}`, 'no-journal');
  } finally {
    clearInterval(watching);
    // The last event is journaled: move the run home if home has room by now; a failure leaves it where it can be
    // found.
    journal.settle();
    await journal.close();
    await screen.close();
    // The new run is durable: what it takes the place of may go.
    if (over) (await import('../wiring/retention.ts')).tidyAfter(io, journal.run);
  }
}

import type { Plan } from '../model/plan.ts';
import type { Interrupts, Journal } from '../model/ports.ts';
import { type RunState, stateOf } from '../model/state.ts';
import type { Surroundings } from '../operations/host-life.ts';
import type { NotHad } from '../operations/reach.ts';
import type { ScreenWish } from '../wiring/screen.ts';
import { stopSwitch } from '../wiring/stop-switch.ts';
import type { CommandOption, Io } from './_command.ts';
import { drawn } from './_print.ts';
import { type CommandResult, refuse } from './_result.ts';

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
 * Nobody to ask and no policy: refused before any prompt is constructed. Null: somebody decides.
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

/** How what happens is shown. */
export function wishOf({ unattended, output, all }: Options): ScreenWish {
  const form = OUTPUTS.find((one) => one === output) ?? 'text';
  return { attended: unattended !== true, output: form, all: all === true };
}

interface Session {
  readonly journal: Journal;
  readonly unattended: boolean;
  readonly close: () => Promise<void>;
  /** What is left at the third Ctrl-C, by what the journal holds. */
  readonly left: (events: Parameters<typeof stateOf>[0]) => Promise<CommandResult>;
}

/** Lets a run go, and leaves journal and terminal in order, whatever came of it. */
export async function inSession(
  io: Io,
  { journal, unattended, close, left }: Session,
  go: () => Promise<CommandResult>,
): Promise<CommandResult> {
  const watching = unattended ? watchSwitch(io) : undefined;
  let over = false;
  try {
    const ended = await Promise.race([go(), thirdTime(io.interrupts)]);
    over = ended !== null && ended.outcome !== 'no-journal';
    return ended ?? (await leaveTheRest(io, journal, left));
  } finally {
    clearInterval(watching);
    await journal.close();
    await close();
    // The new run is durable: what it takes the place of may go.
    if (over) (await import('../wiring/retention.ts')).tidyAfter(io, journal.run);
  }
}

/**
 * A deletion of a million files, a command of minutes, other hosts: what is at work hears of the switch too, and stops
 * at its own safe point.
 */
function watchSwitch(io: Io): NodeJS.Timeout {
  const stop = stopSwitch(io);
  const look = () => {
    const reason = stop();
    if (reason !== null && !io.interrupts.signal.aborted) io.interrupts.raise(reason);
  };
  return setInterval(look, 1000).unref();
}

/** The third Ctrl-C or SIGTERM: null, whatever is still under way. */
function thirdTime({ third }: Interrupts): Promise<null> {
  return new Promise((resolve) => third.addEventListener('abort', () => resolve(null), { once: true }));
}

/** Closed, the journal takes nothing more, and so nothing more is done. What is left is said before anything can hang. */
async function leaveTheRest(io: Io, journal: Journal, left: Session['left']): Promise<CommandResult> {
  await journal.close();
  const { endNow } = await import('../hosts/end-tree.ts');
  const { readJournal } = await import('../journal/read.ts');
  endNow();
  const read = readJournal(journal.folder);
  const { outcome, drawn: shown = '' } = await left(read.ok ? read.events : read.before);
  io.stderr(shown);
  return { outcome };
}

// ---------------------------------------------------------------- one host

/** The life of one host's run, on a screen of its own. */
export function onOwnScreen(io: Io, options: Options): Surroundings<CommandResult> {
  const wish = wishOf(options);
  return {
    none: async (why) => refuseHost(why),
    life: async (journal, live) => {
      const { screenFor } = await import('../wiring/screen.ts');
      const { view, ask, planned: show } = await screenFor(io, wish);
      let plan: Plan | null = null;
      const planned = (made: Plan): void => {
        plan = made;
        show(made);
      };
      const session: Session = {
        journal,
        unattended: !wish.attended,
        close: async () => view.close(),
        left: (events) => whatIsLeft(io, stateOf(events), plan),
      };
      return inSession(io, session, async () => {
        const { outcome, reasons, broken } = await live({ views: [view], ask, interrupts: io.interrupts, planned });
        return broken ? refuse(reasons, outcome) : { outcome };
      });
    },
  };
}

async function whatIsLeft(io: Io, state: RunState, plan: Plan | null): Promise<CommandResult> {
  const { tellLeft } = await import('../views/tell/left.ts');
  const acted = state.steps.some(({ phase, attempts }) => phase === 'act' && attempts > 0);
  return {
    outcome: acted ? 'outcome-unknown' : 'interrupted',
    drawn: await drawn(io, tellLeft(state, plan), true),
  };
}

/** A host that was not reached, or is somebody else's: nothing was done there. */
export function refuseHost({ outcome, reason }: Pick<NotHad, 'outcome' | 'reason'>): CommandResult {
  return refuse(reason.includes('nothing was touched') ? reason : `${reason}; nothing was touched`, outcome);
}

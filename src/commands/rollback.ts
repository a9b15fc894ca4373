import type { UndoPart } from '../model/run/undo-part.ts';
import type { RunState } from '../model/state.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { meantRun, readEarlier } from './_earlier.ts';
import { drawn } from './_print.ts';
import { type CommandResult, DONE, hasEnded, refuse } from './_result.ts';
import { act, aloneOn, nobodyDecides, SESSION_OPTIONS } from './_session.ts';
import { onStage, type Stage } from './_stage.ts';
import { TRUST_OPTION } from './_trust.ts';
import { meantFleet } from './fleet/earlier.ts';
import { HOST_OPTIONS } from './fleet/hosts.ts';

const command: Command = defineCommand({
  name: 'rollback',
  summary: 'undo what a run did, newest first',
  about:
    'Undoes a run from its journal alone. What somebody edited since is not overwritten; what is irreversible is named. Which run it is, and what is undone of it, is said first. Where nothing is undone, the run stays what it was. Exits 0 when all that can be undone is undone, and 9 when a part of it could not be, or is a note of the author for a person.',
  args: [
    {
      syntax: '[run]',
      about: 'a run: its id, the beginning of it, its last four characters; default: the newest that changed anything',
    },
  ],
  options: [
    { flags: '--to <step>', about: 'undo back to this step, and this step too' },
    { flags: '--only <step>', about: 'undo this step and no other' },
    { flags: '--policy <file>', about: 'what automation may do without asking' },
    TRUST_OPTION,
    ...HOST_OPTIONS,
    ...SESSION_OPTIONS,
  ],
  examples: [
    ['firebreak rollback', 'the newest run that changed anything; says which, and asks first'],
    ['firebreak rollback 3f2a --host web-7', 'of a fleet run: that host alone'],
    ['firebreak rollback 3f2a --to silence-jobs', 'that run, no further back than that step'],
    ['firebreak rollback 3f2a --only silence-jobs', 'that step alone: jobs mail again, cron goes on'],
  ],
  async run(io, [run], options) {
    const refusal = nobodyDecides(io, options);
    if (refusal !== null) return refusal;
    const fleet = await meantFleet(io, run, { fits: 'touched', options });
    const alone = ['to', 'only'].find((name) => options[name] !== undefined);
    if (fleet && alone !== undefined) return refuse(`--${alone} is for the run of one host: name that run`, 'usage');
    if (options.to !== undefined && options.only !== undefined) return refuse('--to and --only: choose one', 'usage');
    if (fleet) return (await import('./fleet/again.ts')).rollBackFleetHere(io, fleet, options);
    const { TOUCHED } = await import('../model/run/left-off.ts');
    const meant = await meantRun(io, {
      run,
      options,
      glance: TOUCHED,
      none: 'nothing to undo: no run has changed anything',
    });
    if (hasEnded(meant)) return meant;
    return onStage(io, meant.chosen, (stage) =>
      aloneOn(io, stage, `rollback ${meant.id}`, (notes) => takeUpAnd(io, { stage, notes, run: meant.id, options })),
    );
  },
});
export default command;

interface Again {
  readonly stage: Stage;
  readonly notes: readonly string[];
  readonly run: string;
  readonly options: Readonly<Record<string, unknown>>;
}

async function takeUpAnd(io: Io, { stage, notes, run, options }: Again): Promise<CommandResult> {
  const earlier = await readEarlier(io, run, options);
  if (hasEnded(earlier)) return earlier;
  const { journal, state, prepared } = earlier;
  const request = { ...earlier.request, notes: [...notes, ...(earlier.request.notes ?? [])] };
  const part = partOf(options);
  const steps = state.undo.map(({ step }) => step);
  if (part !== null && !steps.includes(part.step))
    return refuse(`${part.step} has nothing to undo; what has: ${steps.join(', ') || 'nothing'}`, 'usage');
  await sayWhat(io, state, part);
  const { rollBack } = await import('../operations/rollback.ts');
  const result = await act(
    io,
    { stage, journal, mode: request.mode, catalogue: prepared.catalogue, options },
    (parts) => rollBack(request, parts, state, part),
  );
  return result.outcome === 'rolled-back' ? DONE : result;
}

/** Which run it is and what of it is undone, before anything is: who named none may think of another. */
async function sayWhat(io: Io, state: RunState, part: UndoPart | null): Promise<void> {
  io.stderr(await drawn(io, (await import('../views/tell/undoing.ts')).tellUndoing(state, part)));
}

function partOf({ to, only }: Readonly<Record<string, unknown>>): UndoPart | null {
  if (typeof only === 'string') return { step: only, alone: true };
  return typeof to === 'string' ? { step: to, alone: false } : null;
}

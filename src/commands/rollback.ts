import type { UndoPart } from '../model/run/undo-part.ts';
import type { RunState } from '../model/state.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { meantRun, takeUpHere } from './_earlier.ts';
import { drawn } from './_print.ts';
import { type CommandResult, DONE, hasEnded, refuse } from './_result.ts';
import { nobodyDecides, SESSION_OPTIONS } from './_session.ts';
import { TRUST_OPTION } from './_trust.ts';
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
    const { TOUCHED } = await import('../model/run/left-off.ts');
    const none = 'nothing to undo: no run has changed anything';
    const meant = await meantRun(io, { run, options, glance: TOUCHED, open: false, none });
    const alone = ['to', 'only'].find((name) => options[name] !== undefined);
    if ('fleet' in meant && alone !== undefined)
      return refuse(`--${alone} is for the run of one host: name that run`, 'usage');
    if (options.to !== undefined && options.only !== undefined) return refuse('--to and --only: choose one', 'usage');
    if (hasEnded(meant)) return meant;
    if ('fleet' in meant)
      return (await import('./fleet/fleet.ts')).takeUpFleetHere(io, meant, { what: 'rollback', options });
    const part = partOf(options);
    const { rollBack } = await import('../operations/rollback.ts');
    const result = await takeUpHere(io, meant, {
      what: 'rollback',
      options,
      over: (state) => nothingIn(io, state, part),
      goOn: (request, parts, { state }) => rollBack(request, parts, state, part),
    });
    return result.outcome === 'rolled-back' ? DONE : result;
  },
});
export default command;

/** Why nothing of that part can be undone. Null: it can, and what is undone is said. */
async function nothingIn(io: Io, state: RunState, part: UndoPart | null): Promise<CommandResult | null> {
  const steps = state.undo.map(({ step }) => step);
  if (part !== null && !steps.includes(part.step))
    return refuse(`${part.step} has nothing to undo; what has: ${steps.join(', ') || 'nothing'}`, 'usage');
  await sayWhat(io, state, part);
  return null;
}

/** Which run it is and what of it is undone, before anything is: who named none may think of another. */
async function sayWhat(io: Io, state: RunState, part: UndoPart | null): Promise<void> {
  io.stderr(await drawn(io, (await import('../views/tell/undoing.ts')).tellUndoing(state, part)));
}

function partOf({ to, only }: Readonly<Record<string, unknown>>): UndoPart | null {
  if (typeof only === 'string') return { step: only, alone: true };
  return typeof to === 'string' ? { step: to, alone: false } : null;
}

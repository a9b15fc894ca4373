import { exitCode } from '../model/outcome.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { takeUp, whereItWas } from './_earlier.ts';
import { meantFleet } from './_fleet-earlier.ts';
import { HOST_OPTIONS } from './_hosts.ts';
import { refuse } from './_prepare.ts';
import { act, aloneOn, nobodyDecides, SESSION_OPTIONS } from './_session.ts';
import { onStage, type Stage } from './_stage.ts';
import { TRUST_OPTION } from './_trust.ts';

const command: Command = defineCommand({
  name: 'rollback',
  summary: 'undo what a run did, newest first',
  about:
    'Undoes a run from its journal alone. What somebody edited since is not overwritten; what is irreversible is named. Exits 0 when all that can be undone is undone.',
  args: [
    { syntax: '[run]', about: 'a run: its id, the beginning of it, its last four characters; default: the newest with something to undo' },
  ],
  options: [
    { flags: '--to <step>', about: 'undo back to this step, and this step too' },
    { flags: '--policy <file>', about: 'what automation may do without asking' },
    TRUST_OPTION,
    ...HOST_OPTIONS,
    ...SESSION_OPTIONS,
  ],
  examples: [
    ['firebreak rollback', 'the newest run with something to undo; asks first'],
    ['firebreak rollback 3f2a --host web-7', 'of a fleet run: that host alone'],
    ['firebreak rollback 3f2a --to silence-jobs', 'that run, no further back than that step'],
  ],
  async run(io, [run], options) {
    const refusal = nobodyDecides(io, options);
    if (refusal !== null) return refusal;
    const fleet = await meantFleet(io, run, { fits: 'undoable', options });
    if (fleet && options.to !== undefined) return refuse(io, '--to is for the run of one host: name that run', 'usage');
    if (fleet) return (await import('./_fleet-again.ts')).rollBackFleetHere(io, fleet, options);
    const { isUndoable } = await import('../wiring/journal.ts');
    const was = await whereItWas(io, { run, options, fits: isUndoable });
    if (typeof was === 'number') return was;
    const what = `rollback ${was?.id ?? run ?? ''}`.trim();
    return onStage(io, was?.chosen ?? null, (stage) =>
      aloneOn(io, stage, what, (notes) => takeUpAnd(io, { stage, notes, run: was?.id ?? run, options })),
    );
  },
});
export default command;

interface Again {
  readonly stage: Stage;
  readonly notes: readonly string[];
  readonly run: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

async function takeUpAnd(io: Io, { stage, notes, run, options }: Again): Promise<number> {
  const { isUndoable } = await import('../wiring/journal.ts');
  const earlier = await takeUp(io, { run, options, fits: isUndoable });
  if (typeof earlier === 'number') return earlier;
  const { journal, state, prepared } = earlier;
  const request = { ...earlier.request, notes: [...notes, ...(earlier.request.notes ?? [])] };
  const to = typeof options.to === 'string' ? options.to : null;
  const steps = state.undo.map(({ step }) => step);
  if (to !== null && !steps.includes(to))
    return refuse(io, `${to} has nothing to undo; what has: ${steps.join(', ') || 'nothing'}`, 'usage');
  const { rollBack } = await import('../operations/rollback.ts');
  const exit = await act(io, { stage, journal, mode: request.mode, catalogue: prepared.catalogue, options }, (parts) =>
    rollBack(request, parts, state, to),
  );
  return exit === exitCode('rolled-back') ? 0 : exit;
}

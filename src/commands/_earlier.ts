import type { LocalJournal } from '../journal/append.ts';
import type { OutcomeName } from '../model/outcome.ts';
import { paramsOf } from '../model/run/carry.ts';
import type { Glance } from '../model/run/left-off.ts';
import type { Runbook } from '../model/runbook.ts';
import { type RunState, stateOf } from '../model/state.ts';
import type { RunRequest } from '../operations/carry-out.ts';
import type { Io } from './_command.ts';
import { wordsOf } from './_limit.ts';
import { modeOf, type Prepared, prepare } from './_prepare.ts';
import { drawn } from './_print.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { type Chosen, sameHost } from './_stage.ts';

type Options = Readonly<Record<string, unknown>>;

interface Earlier {
  readonly journal: LocalJournal;
  readonly state: RunState;
  readonly request: RunRequest;
  readonly prepared: Prepared;
}

export interface Wanted {
  readonly run: string | undefined;
  readonly options: Options;
  readonly glance: Glance;
  /** What is said where none is named and none fits. */
  readonly none: string;
}

/** The name of the host that `--host` means. */
async function namedHost(options: Options): Promise<string | null> {
  const [named] = wordsOf(options.host);
  if (named === undefined) return null;
  const { parseDestination } = await import('../model/fleet/target.ts');
  const destination = parseDestination(named);
  return destination.ok ? destination.target.name : named;
}

/** An earlier run, and where it was. */
export interface Meant {
  readonly id: string;
  readonly state: RunState;
  /** Reached as then, where it was elsewhere. Null: it was here. */
  readonly chosen: Chosen | null;
}

/**
 * The run that is meant: the one that is named, or the newest that fits. Nothing is opened for writing. What is wrong
 * has been said.
 */
export async function meantRun(io: Io, { run, options, glance, none }: Wanted): Promise<Meant | CommandResult> {
  const { peekInto } = await import('../wiring/journal.ts');
  const named = await namedHost(options);
  const on = named === null ? '' : ` on ${named}`;
  const found = peekInto(io, run, {
    ...glance,
    fits: (state) => glance.fits(state) && (named === null || state.host === named),
  });
  if (!found.ok)
    return refuse(run === undefined ? `${none}${on}; see: firebreak runs` : found.message, outcomeOf(found.code));
  const { id, state } = found.peeked;
  const other = ofAnotherKind(io, state);
  if (other !== null) return refuse(other, 'usage');
  if (named !== null && named !== state.host)
    return refuse(`${id} was a run on ${state.host}, not on ${named}`, 'usage');
  const target = state.meta?.target;
  if (target === undefined) return { id, state, chosen: null };
  const chosen = await sameHost(io, target, options);
  return hasEnded(chosen) ? chosen : { id, state, chosen };
}

/** A drill that was named on the real host, or the other way round. Null: it is of the same kind, in the same scene. */
function ofAnotherKind({ scene }: Io, { run, meta }: RunState): string | null {
  const drill = meta?.drill;
  if (scene === drill?.scene) return null;
  if (!drill) return `${run} was a real run, and this is a drill: it is not touched here`;
  return `${run} was a drill: its scene ${drill.scene} ended with it, and there is nothing to take up. To rehearse again: firebreak drill ${meta?.runbook.name}`;
}

/**
 * An earlier run, its journal open again, with its runbook as it is now and its parameters as they were. What is wrong
 * has been said.
 */
export async function readEarlier(io: Io, run: string, options: Options): Promise<Earlier | CommandResult> {
  const [{ reopenRun }, { version }, { orphansIn }] = await Promise.all([
    import('../wiring/journal.ts'),
    import('../wiring/version.ts'),
    import('../journal/verify.ts'),
  ]);
  const reopened = await reopenRun(io, run);
  if (!reopened.ok) return refuse(reopened.message, outcomeOf(reopened.code));
  const state = stateOf(reopened.events);
  const started = reopened.events.find((event) => event.type === 'run.started');
  if (!started) return refuse(`${state.run} ended before it began: there is nothing to go on with`, 'no-such-file');
  const prepared = await prepare(io, started.runbook.path, { ...options, param: undefined });
  if (hasEnded(prepared)) return prepared;
  const edited = await whatWasEdited(io, started.text, prepared.runbook, options);
  if (edited !== null) return edited;
  const orphans = orphansIn(reopened.journal.folder, reopened.events);
  const request = {
    ...prepared,
    params: paramsOf(state),
    mode: await modeOf(io, prepared, state.run),
    who: io.user,
    tool: version(),
    ...(started.drill && { drill: started.drill }),
    orphans,
  };
  return { journal: reopened.journal, state, request, prepared };
}

function outcomeOf(code: string): OutcomeName {
  if (code === 'ambiguous') return 'usage';
  if (code === 'no-journal') return 'no-journal';
  return code === 'damaged' || code === 'newer' ? 'journal-damaged' : 'no-such-file';
}

/**
 * A runbook that was edited meanwhile is shown as a diff. A person goes on with the new one; automation stops: nobody
 * has looked at it.
 */
async function whatWasEdited(
  io: Io,
  before: string,
  runbook: Runbook,
  options: Options,
): Promise<CommandResult | null> {
  const after = runbook.source.text;
  if (before === after) return null;
  const blocks = [{ kind: 'diff', path: runbook.source.path, before, after }] as const;
  const shown = await drawn(io, [{ kind: 'blocks', blocks }], true);
  if (options.unattended === true)
    return {
      ...refuse('the runbook was edited since the run began; a person has to take it up', 'plan-mismatch'),
      drawn: shown,
    };
  io.stderr(shown);
  io.stderr(
    'firebreak: the runbook was edited since the run began: what is not finished is planned anew from what it says now\n',
  );
  return null;
}

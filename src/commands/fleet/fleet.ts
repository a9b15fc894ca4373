import type { FleetPlan, FleetView } from '../../model/fleet/ports.ts';
import type { Selection } from '../../model/fleet/selection.ts';
import type { Strategy } from '../../model/fleet/strategy.ts';
import { commandLine } from '../../model/text/quote.ts';
import type { FleetRequest } from '../../operations/fleet-parts.ts';
import type { ReviewWords } from '../../views/tell/fleet/plan.ts';
import type { Io } from '../_command.ts';
import { whyNotLook } from '../_declared.ts';
import { hostWords } from '../_limit.ts';
import { type Prepared, prepare } from '../_prepare.ts';
import { print } from '../_print.ts';
import { type CommandResult, hasEnded, refuse } from '../_result.ts';
import { commandFor } from '../_save.ts';
import { nobodyDecides } from '../_session.ts';
import { targetsOf } from './hosts.ts';
import { actOnFleet, aloneWith, wire } from './session.ts';

type Options = Readonly<Record<string, unknown>>;

/** What was chosen and loaded; what is wrong has been said. */
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
export async function requestOf(
  io: Io,
  prepared: Prepared,
  { targets, skipped, ssh, notes: trusted }: Selection,
  asked: Strategy,
): Promise<FleetRequest> {
  const [{ inBatchOrder: inOrder }, { decideFleet }, { version }, { ownNotes }] = await Promise.all([
    import('../../model/fleet/batches.ts'),
    import('../../model/fleet/limits.ts'),
    import('../../wiring/version.ts'),
    import('../../wiring/environment.ts'),
  ]);
  const { runbook, params, raised, policy, notes } = prepared;
  const decided = policy
    ? decideFleet({ policy, runbook, params, hosts: targets }, asked)
    : { strategy: asked, notes: [] };
  return {
    ...{ runbook, params, raised, skipped },
    strategy: decided.strategy,
    hosts: inOrder(asked.order, targets, Math.random),
    reach: { config: ssh.config, become: ssh.become, password: ssh.password ? { ...ssh.password } : null },
    who: io.user,
    mode: policy ? 'unattended' : 'interactive',
    policy: policy?.source ?? null,
    tool: version(),
    notes: [...ownNotes(io), ...notes, ...trusted, ...decided.notes],
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
    import('../../operations/fleet-plan.ts'),
    wire(io, chosen),
    progressOn(io, options),
  ]);
  try {
    const planned = await planFleet(chosen.request, { ...wired, signal: io.interrupts.signal, progress: progress.at });
    progress.end();
    if ('reason' in planned) return refuse(`${planned.reason}; nothing was looked at`, planned.outcome);
    if (io.interrupts.signal.aborted) return { outcome: 'interrupted' };
    const refusal = await wired.permit(planned.acting);
    const { notes } = chosen.request;
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

type Progress = Parameters<NonNullable<FleetView['planning']>>[0];

/** How many hosts have answered, on a terminal; silence elsewhere. */
async function progressOn(
  io: Io,
  options: Options,
): Promise<{ readonly at: (progress: Progress) => void; readonly end: () => void }> {
  if (!io.tty.stderr || options.json === true || io.env.TERM === 'dumb') return { at: () => {}, end: () => {} };
  const line = (await import('../../views/looking.ts')).lookingLine(io.stderr);
  return { end: line.end, at: ({ done, of, host }) => line.at(`${done} of ${of} hosts, ${host}`) };
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
  const [{ runFleet }, { openFleet }] = await Promise.all([
    import('../../operations/fleet.ts'),
    import('../../wiring/fleet.ts'),
  ]);
  const opened = await openFleet(io, chosen.prepared.runbook.name);
  if (!opened.ok) return refuse(opened.message, 'no-journal');
  const { journal } = opened;
  return aloneWith(io, journal.run, () =>
    actOnFleet(io, { ...chosen, journal, options }, (parts) => runFleet(chosen.request, parts)),
  );
}

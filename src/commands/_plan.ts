import type { Plan } from '../model/plan.ts';
import type { Emit } from '../model/ports.ts';
import type { MachineThen, SavedPlan } from '../model/run/saved-plan.ts';
import type { ReachedHost, World } from '../model/world.ts';
import { FORMATS } from '../views/formats.ts';
import type { Comparison } from '../views/tell/saved-plan.ts';
import type { CommandOption, Io } from './_command.ts';
import { whyNotLook } from './_declared.ts';
import { chosenHost, whileReached } from './_host.ts';
import { isFleet } from './_limit.ts';
import { type Prepared, prepare } from './_prepare.ts';
import { formatOf, print, progressOn } from './_print.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { commandFor, machineNow, savePlan, validFor } from './_save.ts';
import { askedAgain, changedIdentity, changedTexts, readSaved, whyDifferent, whyUnusable } from './_saved.ts';

type Options = Readonly<Record<string, unknown>>;

/** How a plan is shown. */
export const FORMAT_OPTIONS: readonly CommandOption[] = [
  { flags: '--format <form>', about: 'text; md: Markdown for a change ticket; json', choices: FORMATS },
  { flags: '--all', about: 'every process and file, not the first twenty' },
  { flags: '--json', about: 'print JSON, the same as --format json' },
];

/** `plan` and `run --dry-run` are this same thing. */
export async function planHere(io: Io, name: string | undefined, options: Options): Promise<CommandResult> {
  if (isFleet(options)) return (await import('./fleet/fleet.ts')).planFleetHere(io, name, options);
  const chosen = await chosenHost(io, options);
  if (hasEnded(chosen)) return chosen;
  const given = options.diff ?? options.plan;
  if (typeof given === 'string')
    return whileReached(io, chosen, (world, host) => diffOn(io, { world, host }, name, { ...options, diff: given }));
  if (name === undefined) return refuse('name a runbook; `firebreak list` names those of the library', 'usage');
  const valid = validFor(options);
  if (hasEnded(valid)) return valid;
  const prepared = await prepare(io, name, options, chosen);
  if (hasEnded(prepared)) return prepared;
  return whileReached(io, chosen, (world, host) => planOn(io, { world, host }, { name, options, prepared, valid }));
}

/** A host that answers, and what it is looked at with. */
interface Scope {
  readonly world: World;
  readonly host: ReachedHost;
}

interface Asked {
  readonly name: string;
  readonly options: Options;
  readonly prepared: Prepared;
  readonly valid: number;
}

async function planOn(io: Io, at: Scope, { name, options, prepared, valid }: Asked): Promise<CommandResult> {
  const looked = await lookAround(io, at, prepared, options);
  if (hasEnded(looked)) return looked;
  const { plan, machine } = looked;
  await show(io, plan, { options, command: commandFor(name, options) });
  const saved =
    typeof options.save === 'string'
      ? await savePlan(io, options.save, { name, options, prepared, plan, machine, valid })
      : null;
  return saved ?? { outcome: plan.refusal?.outcome ?? 'held' };
}

async function lookAround(
  io: Io,
  { world, host: { host, readOnlyHost } }: Scope,
  prepared: Prepared,
  options: Options,
): Promise<{ readonly plan: Plan; readonly machine: MachineThen } | CommandResult> {
  const refused = await whyNotLook(io, prepared, { options, hosts: [host.name] });
  if (refused !== null) return refused;
  const { plan } = await import('../operations/plan.ts');
  const progress = await progressOn(io, options);
  const emit: Emit = async (fact) => {
    if (fact.type === 'step.started') progress.at(fact.step);
  };
  const { signal } = io.interrupts;
  const mode = await world.mode(prepared, host);
  const made = await plan({ ...prepared, mode }, { ...world, readOnlyHost, signal, emit });
  progress.end();
  if ('reason' in made)
    return refuse(made.code === undefined ? `${made.reason}; nothing was looked at` : made.reason, made.outcome);
  if (signal.aborted) return { outcome: 'interrupted' };
  const machine = await machineNow(host);
  return machine.boot === ''
    ? refuse(`${machine.host} cannot be reached any more; nothing was touched`, 'outcome-unknown')
    : { plan: made, machine };
}

export interface Shown {
  readonly options: Options;
  /** What to type to run it. */
  readonly command: string;
  /** Shown as it was saved. */
  readonly saved?: SavedPlan;
}

export async function show(io: Io, plan: Plan, { options, command, saved }: Shown): Promise<void> {
  const words = { command, all: options.all === true, unattended: options.policy !== undefined };
  const telling = saved
    ? (await import('../views/tell/saved-plan.ts')).tellSaved(saved, words)
    : (await import('../views/tell/plan.ts')).tellPlan(plan, words);
  await print(io, telling, options);
}

// ---------------------------------------------------------------- a saved plan beside now

/** Identity and drift of a saved plan, as things are now. */
async function diffOn(io: Io, at: Scope, name: string | undefined, options: Options): Promise<CommandResult> {
  const saved = await readSaved(io, String(options.diff), 'to-show');
  if (hasEnded(saved)) return saved;
  const again = askedAgain(saved, options);
  const asked = { name: name ?? saved.plan.runbook.path, options: again };
  const texts = await changedTexts(io, saved, asked);
  const prepared = await prepare(io, asked.name, again);
  if (hasEnded(prepared)) {
    const different = await whyDifferent(texts);
    return different === null ? prepared : { ...prepared, ...different };
  }
  const looked = await lookAround(io, at, prepared, options);
  if (hasEnded(looked)) return looked;
  const comparison = await comparisonOf(io, at, { saved, prepared, plan: looked.plan, texts });
  const { tellComparison } = await import('../views/tell/saved-plan.ts');
  await print(io, tellComparison(comparison), { json: formatOf(options) === 'json', all: true });
  return { outcome: comparison.unusable === null && comparison.differences.length === 0 ? 'held' : 'plan-mismatch' };
}

interface Beside {
  readonly saved: SavedPlan;
  readonly prepared: Prepared;
  readonly plan: Plan;
  readonly texts: Comparison['differences'];
}

async function comparisonOf(
  io: Io,
  { host: { readOnlyHost } }: Scope,
  { saved, prepared, plan, texts }: Beside,
): Promise<Comparison> {
  const { driftOf, pinnedDifferences } = await import('../plan/fingerprint.ts');
  const identity = (await changedIdentity(saved, prepared)).filter(({ name }) =>
    texts.every((one) => one.name !== name),
  );
  const refused = plan.refusal !== null && saved.plan.refusal === null;
  const refusal = {
    name: 'the plan',
    planned: 'would act',
    now: `would touch nothing: ${plan.refusal?.reasons.join('; ')}`,
  };
  return {
    saved,
    unusable: await whyUnusable(io, saved, readOnlyHost),
    differences: [...texts, ...identity, ...pinnedDifferences(saved, plan), ...(refused ? [refusal] : [])],
    drift: plan.diagnosis.verdict === 'this-incident' ? driftOf(saved.plan, plan) : [],
  };
}

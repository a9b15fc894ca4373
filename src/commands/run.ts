import type { SavedPlan } from '../model/run/saved-plan.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { ALLOW_READS_OPTION, whyNotLook } from './_declared.ts';
import { planHere } from './_plan.ts';
import { modeOf, type Prepared, prepare, REQUEST_OPTIONS } from './_prepare.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import {
  askedAgain,
  changedIdentity,
  changedTexts,
  planNotes,
  readSaved,
  whyDifferent,
  whyUnusable,
} from './_saved.ts';
import { act, aloneOn, nobodyDecides, SESSION_OPTIONS } from './_session.ts';
import { chosenHost, onStage, type Stage } from './_stage.ts';
import { HOST_OPTIONS } from './fleet/hosts.ts';
import { isFleet } from './fleet/many.ts';

type Options = Readonly<Record<string, unknown>>;

async function runHere(io: Io, name: string | undefined, options: Options): Promise<CommandResult> {
  if (isFleet(options)) return (await import('./fleet/fleet.ts')).runFleetHere(io, name, options);
  if (options.dryRun === true) return planHere(io, name, options);
  if (typeof options.plan === 'string') return runSaved(io, options.plan, { name, options });
  if (name === undefined)
    return refuse('name a runbook, or --plan FILE; `firebreak list` names those of the library', 'usage');
  const refusal = nobodyDecides(io, options);
  if (refusal !== null) return refusal;
  const chosen = await chosenHost(io, options);
  if (hasEnded(chosen)) return chosen;
  const prepared = await prepare(io, name, options, chosen);
  if (hasEnded(prepared)) return prepared;
  return onStage(io, chosen, (stage) =>
    aloneOn(io, stage, prepared.runbook.name, (notes) => start(io, { stage, prepared, options, notes })),
  );
}

/**
 * Nothing is looked at before it is known that the plan is of this host, fresh, and of the same runbook, parameters and
 * policy.
 */
async function runSaved(
  io: Io,
  file: string,
  { name, options }: { readonly name: string | undefined; readonly options: Options },
): Promise<CommandResult> {
  const saved = await readSaved(io, file, { toRun: options });
  if (hasEnded(saved)) return saved;
  if (options.unattended === true && saved.asked.policy === null)
    return refuse(
      'the plan was saved without a policy, so it runs only where a person is asked: at a terminal, without --unattended',
      'plan-mismatch',
    );
  const again = askedAgain(saved, options);
  const refusal = nobodyDecides(io, again);
  if (refusal !== null) return refusal;
  const chosen = await chosenHost(io, options);
  if (hasEnded(chosen)) return chosen;
  const asked = { name: name ?? saved.plan.runbook.path, options: again };
  return onStage(io, chosen, (stage) =>
    aloneOn(
      io,
      stage,
      saved.plan.runbook.name,
      async (notes) => (await mismatch(io, stage, saved, asked)) ?? startSaved(io, { stage, saved, asked, notes }),
    ),
  );
}

interface Asked {
  readonly name: string;
  readonly options: Options;
}

async function mismatch(io: Io, { hosts }: Stage, saved: SavedPlan, asked: Asked): Promise<CommandResult | null> {
  const unusable = await whyUnusable(io, saved, hosts.readOnlyHost);
  if (unusable !== null) return refuse(`${unusable}; nothing was touched`, 'plan-mismatch');
  return whyDifferent(await changedTexts(io, saved, asked));
}

interface SavedStart extends Pick<Start, 'stage' | 'notes'> {
  readonly saved: SavedPlan;
  readonly asked: Asked;
}

async function startSaved(
  io: Io,
  { stage, notes, saved, asked: { name, options } }: SavedStart,
): Promise<CommandResult> {
  const prepared = await prepare(io, name, options);
  if (hasEnded(prepared)) return prepared;
  return (
    (await whyDifferent(await changedIdentity(saved, prepared))) ??
    start(io, { stage, prepared, options, notes, saved })
  );
}

interface Start {
  readonly stage: Stage;
  readonly prepared: Prepared;
  readonly options: Options;
  readonly notes: readonly string[];
  readonly saved?: SavedPlan;
}

async function start(io: Io, { stage, prepared, options, notes, saved }: Start): Promise<CommandResult> {
  const [{ run }, { openRun }, { version }, { marksOf }] = await Promise.all([
    import('../operations/run.ts'),
    import('../wiring/journal.ts'),
    import('../wiring/version.ts'),
    import('../wiring/environment.ts'),
  ]);
  const refused = await whyNotLook(io, prepared, { options, hosts: [stage.hosts.host.name] });
  if (refused !== null) return refused;
  const opened = await openRun(io, prepared.runbook.name);
  if (!opened.ok) return refuse(opened.message, 'no-journal');
  const mode = await modeOf(io, prepared, opened.journal.run);
  const planned = saved ? await planNotes(io, options.plan) : [];
  const request = {
    ...prepared,
    notes: [...notes, ...prepared.notes, ...planned],
    mode,
    who: io.user,
    tool: version(),
    ...marksOf(io),
    ...(saved && { saved }),
    ...(stage.elsewhere && { target: stage.elsewhere.reached }),
  };
  return act(io, { ...opened, stage, mode, catalogue: prepared.catalogue, options }, (parts) => run(request, parts));
}

const command: Command = defineCommand({
  name: 'run',
  summary: 'remedy the incident: asks before each action, or follows a policy',
  about:
    'Diagnoses, shows the plan, acts step by step, and verifies that it held. At a terminal it asks before each action, but those that can be undone and whose author says `ask: false`; automation needs a policy. What it stopped for the remedy is started again when it ends, for whatever reason.',
  args: [
    {
      syntax: '[runbook]',
      about: 'a name of the library, or a path with a slash or .yaml; with --plan the plan knows it',
    },
  ],
  options: [
    ...REQUEST_OPTIONS,
    ALLOW_READS_OPTION,
    ...HOST_OPTIONS,
    {
      flags: '--plan <file>',
      about: 'carry out a plan that was saved with `firebreak plan --save`: what was reviewed, or nothing',
    },
    ...SESSION_OPTIONS,
    { flags: '--dry-run', about: 'the same as `firebreak plan`' },
    { flags: '--json', about: 'with --dry-run: print the plan as JSON' },
  ],
  examples: [
    ['firebreak run cron-mail-storm', 'asks before each action'],
    ['firebreak run cron-mail-storm --dry-run', 'looks only, changes nothing'],
    ['firebreak run --plan plan.json', 'what was planned and reviewed; exits 6 where something else would be done'],
    [
      'firebreak run cron-mail-storm --unattended --policy examples/policy.yaml',
      'automation: acts within the policy, never asks',
    ],
    ['firebreak run cron-mail-storm --param watch=2m --limit kill=5000', 'a shorter watch, a higher limit'],
    ['firebreak run cron-mail-storm --host oncall@web1 --become', 'on another host, over ssh, as root through sudo'],
    [
      'firebreak run cron-mail-storm --inventory hosts.yaml',
      'on many hosts over ssh: all are planned first, then a canary, then batches',
    ],
  ],
  run: (io, args, options) => runHere(io, args[0], options),
});
export default command;

import type { SavedPlan } from '../model/run/saved-plan.ts';
import type { ReachedHost, World } from '../model/world.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { ALLOW_READS_OPTION, whyNotLook } from './_declared.ts';
import { type Chosen, chosenHost, held, hostNameOf } from './_host.ts';
import { isFleet } from './_limit.ts';
import { planHere } from './_plan.ts';
import { type Prepared, prepare, REQUEST_OPTIONS } from './_prepare.ts';
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
import { nobodyDecides, onOwnScreen, SESSION_OPTIONS } from './_session.ts';
import { HOST_OPTIONS } from './fleet/hosts.ts';

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
  return held(io, chosen, prepared.runbook.name, (world, host) =>
    start(io, { world, host, chosen, prepared, options }),
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
  return held(io, chosen, saved.plan.runbook.name, async (world, host) => {
    const unusable = await whyUnusable(io, saved, host.readOnlyHost);
    if (unusable !== null) return refuse(`${unusable}; nothing was touched`, 'plan-mismatch');
    const changed = await whyDifferent(await changedTexts(io, saved, asked));
    if (changed !== null) return changed;
    const prepared = await prepare(io, asked.name, again);
    if (hasEnded(prepared)) return prepared;
    return (
      (await whyDifferent(await changedIdentity(saved, prepared))) ??
      start(io, { world, host, chosen, prepared, options: again, saved })
    );
  });
}

interface Start {
  readonly world: World;
  readonly host: ReachedHost;
  readonly chosen: Chosen;
  readonly prepared: Prepared;
  readonly options: Options;
  readonly saved?: SavedPlan;
}

async function start(io: Io, { world, host, chosen, prepared, options, saved }: Start): Promise<CommandResult> {
  const { beginOn } = await import('../operations/host-life.ts');
  const { version } = await import('../wiring/version.ts');
  const { marksOf } = await import('../wiring/environment.ts');
  const refused = await whyNotLook(io, prepared, { options, hosts: [hostNameOf(chosen)] });
  if (refused !== null) return refused;
  const planned = saved ? await planNotes(io, options.plan) : [];
  const notes = [...chosen.notes, ...prepared.notes, ...planned];
  const asked = { ...prepared, notes, who: io.user, tool: version(), ...marksOf(io), ...(saved && { saved }) };
  return beginOn(world, host, { request: asked, host: null }, onOwnScreen(io, options));
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

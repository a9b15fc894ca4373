import { type Command, defineCommand, type Io } from './_command.ts';
import { planHere } from './_plan.ts';
import { modeOf, type Prepared, prepare, REQUEST_OPTIONS, refuse } from './_prepare.ts';
import { act, alone, nobodyDecides, SESSION_OPTIONS } from './_session.ts';

type Options = Readonly<Record<string, unknown>>;

async function runHere(io: Io, name: string, options: Options): Promise<number> {
  if (options.dryRun === true) return planHere(io, name, options);
  const refusal = nobodyDecides(io, options);
  if (refusal !== null) return refusal;
  const prepared = await prepare(io, name, options);
  return typeof prepared === 'number' ? prepared : alone(io, prepared.runbook.name, () => start(io, prepared, options));
}

async function start(io: Io, prepared: Prepared, options: Options): Promise<number> {
  const [{ run }, { openRun }, { version }] = await Promise.all([
    import('../operations/run.ts'),
    import('../wiring/journal.ts'),
    import('../wiring/version.ts'),
  ]);
  const opened = await openRun(io, prepared.runbook.name);
  if (!opened.ok) return refuse(io, opened.message, 'no-journal');
  const mode = await modeOf(io, prepared, opened.journal.run);
  return act(io, { ...opened, mode, catalogue: prepared.catalogue, options }, (parts) =>
    run({ ...prepared, mode, who: io.user, tool: version() }, parts),
  );
}

const command: Command = defineCommand({
  name: 'run',
  summary: 'remedy the incident: asks before each action, or follows a policy',
  about:
    'Diagnoses, shows the plan, acts step by step, and verifies that it held. At a terminal it asks before each action; automation needs a policy. What it stopped for the remedy is started again when it ends, for whatever reason.',
  args: [{ syntax: '<runbook>', about: 'a name of the library, or a path with a slash or .yaml' }],
  options: [
    ...REQUEST_OPTIONS,
    ...SESSION_OPTIONS,
    { flags: '--dry-run', about: 'the same as `firebreak plan`' },
    { flags: '--json', about: 'with --dry-run: print the plan as JSON' },
  ],
  examples: [
    ['firebreak run cron-mail-storm', 'asks before each action'],
    ['firebreak run cron-mail-storm --dry-run', 'looks only, changes nothing'],
    ['firebreak run cron-mail-storm --unattended --policy examples/policy.yaml', 'automation: acts within the policy, never asks'],
    ['firebreak run cron-mail-storm --param watch=2m --limit kill=5000', 'a shorter watch, a higher limit'],
  ],
  run: (io, args, options) => runHere(io, args[0] ?? '', options),
});
export default command;

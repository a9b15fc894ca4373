import { exitCode } from '../model/outcome.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { modeOf, type Prepared, prepare, REQUEST_OPTIONS, refuse } from './_prepare.ts';
import { planHere } from './plan.ts';

type Options = Readonly<Record<string, unknown>>;

async function runHere(io: Io, name: string, options: Options): Promise<number> {
  if (options.dryRun === true) return planHere(io, name, options);
  const refusal = whyNot(io, options);
  if (refusal !== null) return refusal;
  const prepared = await prepare(io, name, options);
  return typeof prepared === 'number' ? prepared : start(io, prepared, options);
}

/** Who would decide? Nobody to ask and no policy: refused before any prompt is constructed. */
function whyNot(io: Io, options: Options): number | null {
  const { unattended, policy, output } = options;
  if (unattended === true && policy === undefined) {
    return refuse(
      io,
      '--unattended needs --policy FILE: what automation may do without asking (see examples/policy.yaml)',
      'refused-by-policy',
    );
  }
  if (unattended !== true && policy !== undefined)
    return refuse(io, '--policy goes with --unattended; at a terminal you are asked before each action', 'usage');
  if (unattended === true) return null;
  if (output === 'ndjson') return refuse(io, '--output ndjson is for automation: add --unattended --policy FILE', 'usage');
  if (io.tty.stdin && io.tty.stderr) return null;
  return refuse(
    io,
    'there is no terminal to ask at. For automation: --unattended --policy FILE; to look only: firebreak plan',
    'refused-by-policy',
  );
}

async function start(io: Io, prepared: Prepared, options: Options): Promise<number> {
  const { runbook, params, raised, catalogue } = prepared;
  const [{ run }, { hostsHere }, { systemClock }, { openRun }, { screenFor }, { version }] = await Promise.all([
    import('../operations/run.ts'),
    import('../wiring/host.ts'),
    import('../wiring/clock.ts'),
    import('../wiring/journal.ts'),
    import('../wiring/screen.ts'),
    import('../wiring/version.ts'),
  ]);
  const opened = await openRun(io, runbook.name);
  if (!opened.ok) return refuse(io, opened.message, 'no-journal');
  const { journal } = opened;
  const mode = modeOf(prepared);
  const screen = await screenFor(io, {
    mode: mode.kind,
    output: options.output === 'ndjson' ? 'ndjson' : 'text',
    all: options.all === true,
  });
  try {
    const ending = await run(
      { runbook, params, mode, raised, who: io.user, tool: version() },
      {
        ...hostsHere(),
        catalogue,
        clock: systemClock,
        journal,
        views: screen.views,
        interrupts: io.interrupts,
        ask: screen.ask,
        planned: screen.planned,
      },
    );
    return exitCode(ending.outcome);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'JournalError') throw error;
    return refuse(io, `${error.message}; stopped at once, and what was stopped for the remedy was started again`, 'no-journal');
  } finally {
    // The last event is journaled: move the run home if home has room by now; a failure leaves it where it can be found.
    journal.settle();
    await journal.close();
    await screen.close();
  }
}

const command: Command = defineCommand({
  name: 'run',
  summary: 'remedy the incident: asks before each action, or follows a policy',
  about:
    'Diagnoses, shows the plan, acts step by step, and verifies that it held. At a terminal it asks before each action; automation needs a policy. What it stopped for the remedy is started again when it ends, for whatever reason.',
  args: [{ syntax: '<runbook>', about: 'a name of the library, or a path with a slash or .yaml' }],
  options: [
    ...REQUEST_OPTIONS,
    { flags: '--dry-run', about: 'the same as `firebreak plan`' },
    { flags: '--unattended', about: 'never ask; needs --policy' },
    { flags: '--output <form>', about: 'text, or ndjson: every event as one line of JSON', choices: ['text', 'ndjson'], default: 'text' },
    { flags: '--all', about: 'every process and file, not the first twenty' },
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

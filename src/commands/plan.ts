import { exitCode } from '../model/outcome.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { modeOf, prepare, REQUEST_OPTIONS } from './_prepare.ts';

/** `plan` and `run --dry-run` are this same thing. */
export async function planHere(io: Io, name: string, options: Readonly<Record<string, unknown>>): Promise<number> {
  const prepared = await prepare(io, name, options);
  if (typeof prepared === 'number') return prepared;
  const [{ plan }, { hostsHere }, { systemClock }, views] = await Promise.all([
    import('../operations/plan.ts'),
    import('../wiring/host.ts'),
    import('../wiring/clock.ts'),
    import('../views/plan.ts'),
  ]);
  const progress = lookingLine(io, options);
  const made = await plan(
    { ...prepared, mode: modeOf(prepared) },
    { ...hostsHere(), catalogue: prepared.catalogue, clock: systemClock, signal: io.interrupts.signal, emit: progress.emit },
  );
  progress.end();
  if (io.interrupts.signal.aborted) return exitCode('interrupted');
  io.stdout(
    options.json === true
      ? `${JSON.stringify(views.planToJson(made), null, 2)}\n`
      : views.renderPlan(made, { columns: io.columns, color: io.color.stdout, all: options.all === true }),
  );
  return exitCode(made.refusal?.outcome ?? 'held');
}

/** One line on stderr that says what is being looked at; gone when the plan is there. */
function lookingLine(io: Io, options: Readonly<Record<string, unknown>>) {
  const shown = io.tty.stderr && options.json !== true && io.env.TERM !== 'dumb';
  return {
    emit: async (fact: { readonly type: string; readonly step?: string }) => {
      if (shown && fact.type === 'step.started') io.stderr(`\r\u001b[Klooking: ${fact.step}`);
    },
    end: () => {
      if (shown) io.stderr('\r\u001b[K');
    },
  };
}

const command: Command = defineCommand({
  name: 'plan',
  summary: 'look, and show exactly what a run would touch; changes nothing',
  about:
    'The dry run: every probe really looks, every action says what it would touch, nothing is changed. Exits 0 where a run would act and 2 where this is not the incident.',
  args: [{ syntax: '<runbook>', about: 'a name of the library, or a path with a slash or .yaml' }],
  options: [
    ...REQUEST_OPTIONS,
    { flags: '--all', about: 'every process and file, not the first twenty' },
    { flags: '--json', about: 'print JSON' },
  ],
  examples: [
    ['firebreak plan cron-mail-storm', 'what would a run do here, now?'],
    ['firebreak plan cron-mail-storm --param watch=2m --json', 'the same for a machine'],
    ['firebreak plan ./my-runbook.yaml --policy policy.yaml', 'would the policy let automation do it?'],
  ],
  run: (io, args, options) => planHere(io, args[0] ?? '', options),
});
export default command;

import { exitCode } from '../model/outcome.ts';
import type { Emit } from '../model/ports.ts';
import type { Io } from './_command.ts';
import { modeOf, prepare } from './_prepare.ts';

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
  const progress = await progressOn(io, options);
  const made = await plan(
    { ...prepared, mode: await modeOf(io, prepared) },
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

/** What is being looked at, on a terminal; silence elsewhere. */
async function progressOn(io: Io, options: Readonly<Record<string, unknown>>): Promise<{ readonly emit: Emit; readonly end: () => void }> {
  if (!io.tty.stderr || options.json === true || io.env.TERM === 'dumb') return { emit: async () => {}, end: () => {} };
  const line = (await import('../views/looking.ts')).lookingLine(io.stderr);
  return {
    end: line.end,
    emit: async (fact) => {
      if (fact.type === 'step.started') line.at(fact.step);
    },
  };
}

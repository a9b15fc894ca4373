import { type Command, defineCommand, type Io } from './_command.ts';
import { meantRun, readEarlier } from './_earlier.ts';
import { REQUEST_OPTIONS } from './_prepare.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { act, aloneOn, nobodyDecides, SESSION_OPTIONS } from './_session.ts';
import { onStage, type Stage } from './_stage.ts';
import { meantFleet } from './fleet/earlier.ts';
import { HOST_OPTIONS } from './fleet/hosts.ts';

const command: Command = defineCommand({
  name: 'resume',
  summary: 'go on with a run that was cut short',
  about:
    'Takes up a run after a crash, a reboot, a hang-up or a quit, from its journal: finished steps stay finished, and where nobody knows whether a step was done the host is asked. A run without a verdict (its watch was cut short, or saw no proof) is watched again. The thresholds of the diagnosis are not judged again.',
  args: [
    {
      syntax: '[run]',
      about:
        'a run: its id, the beginning of it, its last four characters; default: the newest that is unfinished or has no verdict',
    },
  ],
  options: [...REQUEST_OPTIONS.filter(({ flags }) => !flags.includes('--param')), ...HOST_OPTIONS, ...SESSION_OPTIONS],
  examples: [
    ['firebreak resume', 'the newest run that is unfinished'],
    ['firebreak resume 3f2a', 'that run'],
    ['firebreak resume 3f2a --host web-7', 'of a fleet run: that host alone'],
    [
      'firebreak resume --unattended --policy examples/policy.yaml',
      'automation: redoes only what may be done twice, else exits 10',
    ],
  ],
  async run(io, [run], options) {
    const refusal = nobodyDecides(io, options);
    if (refusal !== null) return refusal;
    const fleet = await meantFleet(io, run, { fits: 'unfinished', options });
    if (fleet) return (await import('./fleet/again.ts')).resumeFleetHere(io, fleet, options);
    const { UNFINISHED, whyOver } = await import('../model/run/left-off.ts');
    const meant = await meantRun(io, {
      run,
      options,
      glance: UNFINISHED,
      none: 'nothing to resume: no run is unfinished',
    });
    if (hasEnded(meant)) return meant;
    const over = whyOver(meant.state);
    if (over !== null) return refuse(over, 'no-such-file');
    return onStage(io, meant.chosen, (stage) =>
      aloneOn(io, stage, `resume ${meant.id}`, (notes) => takeUpAnd(io, { stage, notes, run: meant.id, options })),
    );
  },
});
export default command;

interface Again {
  readonly stage: Stage;
  readonly notes: readonly string[];
  readonly run: string;
  readonly options: Readonly<Record<string, unknown>>;
}

async function takeUpAnd(io: Io, { stage, notes, run, options }: Again): Promise<CommandResult> {
  const { whyOver } = await import('../model/run/left-off.ts');
  const earlier = await readEarlier(io, run, options);
  if (hasEnded(earlier)) return earlier;
  const { journal, state, prepared } = earlier;
  // Whoever had the lock before us may have brought it to its end.
  const over = whyOver(state);
  if (over !== null) return refuse(over, 'no-such-file');
  const request = { ...earlier.request, notes: [...notes, ...(earlier.request.notes ?? [])] };
  const { takeUp: goOn } = await import('../operations/take-up.ts');
  return act(io, { stage, journal, mode: request.mode, catalogue: prepared.catalogue, options }, (parts) =>
    goOn(request, parts, state),
  );
}

import { type Command, defineCommand, type Io } from './_command.ts';
import { type CommandResult, DONE, refuse } from './_result.ts';
import { OUTPUTS } from './_session.ts';

/** A drill builds its own incident, and only on this machine. */
const ELSEWHERE =
  'a drill builds its incident on this machine only: log in on the other, or look there with `firebreak plan RUNBOOK --host NAME`';

async function drillHere(io: Io, runbook: string, output: string): Promise<CommandResult> {
  const { drill } = await import('../operations/drill.ts');
  const { drillFolder, drillNames, launcher } = await import('../wiring/drills.ts');
  const say = (text: string) => io.stderr(`drill: ${text}\n`);
  if (!drillNames().includes(runbook)) {
    say(`there is no drill for ${runbook}; there is one for: ${drillNames().join(', ')}`);
    return { outcome: 'no-such-file' };
  }
  const request = {
    runbook,
    folder: drillFolder(runbook),
    launcher: launcher(),
    attended: io.tty.stdin && io.tty.stderr && output === 'text',
    output,
    plain: io.env.FIREBREAK_DRILL === 'plain',
    env: io.env,
  };
  return { ...DONE, exit: await drill(request, { say, interrupts: io.interrupts }) };
}

const command: Command = defineCommand({
  name: 'drill',
  summary: 'rehearse an incident: build it small and real, and run the runbook on it',
  about:
    "Builds the runbook's incident small and real (processes that hang, a spool without inodes, a cron of its own), in namespaces of its own where the machine gives them, and runs the very runbook on it: with questions at a terminal, by a policy without one. Nothing else on the machine is touched, nothing is left but the run's journal.",
  args: [{ syntax: '<runbook>', about: 'a runbook of the library' }],
  options: [
    { flags: '--host <name>', about: 'refused: a drill is for this machine' },
    {
      flags: '--output <form>',
      about: 'text; ndjson: every event as one line of JSON; junit: a report for pipelines; the last two ask nobody',
      choices: OUTPUTS,
      default: 'text',
    },
  ],
  examples: [
    ['firebreak drill cron-mail-storm', 'about half a minute; ends with the verdict'],
    [
      'firebreak drill cron-mail-storm --output junit > drill.xml',
      'in a pipeline: does the runbook still do what it says?',
    ],
    ['FIREBREAK_DRILL=plain firebreak drill cron-mail-storm', 'without namespaces, as where a container gives none'],
  ],
  async run(io, [runbook = ''], options) {
    if (options.host !== undefined) return refuse(ELSEWHERE, 'usage');
    return drillHere(io, runbook, String(options.output ?? 'text'));
  },
});
export default command;

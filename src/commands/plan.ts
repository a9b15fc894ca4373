import { type Command, defineCommand } from './_command.ts';
import { planHere } from './_plan.ts';
import { REQUEST_OPTIONS } from './_prepare.ts';

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

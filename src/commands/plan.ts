import { type Command, defineCommand } from './_command.ts';
import { ALLOW_READS_OPTION } from './_declared.ts';
import { FORMAT_OPTIONS, planHere } from './_plan.ts';
import { REQUEST_OPTIONS } from './_prepare.ts';
import { HOST_OPTIONS } from './fleet/hosts.ts';

const command: Command = defineCommand({
  name: 'plan',
  summary: 'look, and show exactly what a run would touch; Firebreak changes nothing',
  about:
    'The dry run: every probe really looks, every action says what it would touch; Firebreak changes nothing. Commands of the runbook that its author declares to read only are shown and asked for before they run. Exits 0 where a run would act and 2 where this is not the incident. A saved plan is run once, by `firebreak run --plan`, on this host and while it is valid: its runbook, parameters, limits, policy, services and files to edit must then be the same; which processes and files it touches may change, within the limits.',
  args: [
    {
      syntax: '[runbook]',
      about: 'a name of the library, or a path with a slash or .yaml; with --diff the plan knows it',
    },
  ],
  options: [
    ...REQUEST_OPTIONS,
    ALLOW_READS_OPTION,
    ...HOST_OPTIONS,
    { flags: '--save <file>', about: 'save the plan in a new file, readable by you alone, to be run once' },
    { flags: '--valid <time>', about: 'how long the saved plan may be run: 30m, 2h (default 1h)' },
    { flags: '--diff <file>', about: 'compare a saved plan with now; exits 6 where it does not hold any more' },
    ...FORMAT_OPTIONS,
  ],
  examples: [
    ['firebreak plan cron-mail-storm', 'what would a run do here, now?'],
    ['firebreak plan cron-mail-storm --param watch=2m --json', 'the same for a machine'],
    ['firebreak plan ./my-runbook.yaml --policy policy.yaml', 'would the policy let automation do it?'],
    [
      'firebreak plan cron-mail-storm --save plan.json --valid 30m',
      'to be reviewed, then: firebreak run --plan plan.json',
    ],
    ['firebreak plan --diff plan.json', 'does the reviewed plan still hold?'],
    ['firebreak plan cron-mail-storm --format md > change.md', 'for a change ticket'],
    ['firebreak plan cron-mail-storm --host web1', 'on another host, over ssh'],
    [
      'firebreak plan cron-mail-storm --inventory hosts.yaml --limit web',
      'what would be done on each of them: equal plans are shown once',
    ],
  ],
  run: (io, args, options) => planHere(io, args[0], options),
});
export default command;

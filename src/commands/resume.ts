import type { RunState } from '../model/state.ts';
import { type Command, defineCommand } from './_command.ts';
import { meantRun, takeUpHere } from './_earlier.ts';
import { REQUEST_OPTIONS } from './_prepare.ts';
import { hasEnded, refuse } from './_result.ts';
import { nobodyDecides, SESSION_OPTIONS } from './_session.ts';
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
    const { UNFINISHED, whyOver } = await import('../model/run/left-off.ts');
    const none = 'nothing to resume: no run is unfinished';
    const meant = await meantRun(io, { run, options, glance: UNFINISHED, open: true, none });
    if (hasEnded(meant)) return meant;
    if ('fleet' in meant)
      return (await import('./fleet/fleet.ts')).takeUpFleetHere(io, meant, { what: 'resume', options });
    // Whoever has the lock before us may bring it to its end, so it is asked again.
    const over = async (state: RunState) => {
      const why = whyOver(state);
      return why === null ? null : refuse(why, 'no-such-file');
    };
    const { takeUp } = await import('../operations/take-up.ts');
    return (await over(meant.state)) ?? takeUpHere(io, meant, { what: 'resume', options, over, goOn: takeUp });
  },
});
export default command;

import { type Commands, capturedText } from '../../model/host.ts';
import type { Queue } from './init.ts';
import { unitsIn } from './systemd-show.ts';
import { spanOf } from './systemd-ties.ts';

export const unitOf = (name: string): string =>
  /\.(?:service|socket|timer|target|mount|automount|path|swap|slice|scope|device)$/.test(name)
    ? name
    : `${name}.service`;

const OPTIONS = ['--no-ask-password', '--no-pager'];
const TIMEOUT = 10_000;

export function systemctl(name: string, verb: string, also: readonly string[] = []): readonly string[] {
  return ['systemctl', ...OPTIONS, verb, unitOf(name), ...also.map(unitOf)];
}

/** A lease starts the service whatever becomes of those that need it: it has come to its end once the service runs. */
export function systemctlStart(name: string, also: readonly string[]): readonly string[] {
  if (also.length === 0) return systemctl(name, 'start');
  const script = 'systemctl --no-ask-password start "$@" || systemctl is-active --quiet "$1"';
  return ['/bin/sh', '-c', script, 'sh', unitOf(name), ...also.map(unitOf)];
}

/** The job is PID 1's: it goes on whoever waits for it, and ends when the unit's own time-outs say so. */
export function systemdQueue(commands: Commands, state: Queue['state']): Queue {
  return {
    state,
    command: (name, verb, also = []) => [
      'systemctl',
      ...OPTIONS,
      '--no-block',
      verb,
      unitOf(name),
      ...also.map(unitOf),
    ],
    patience: async (name, verb) => {
      const property = verb === 'start' ? 'TimeoutStartUSec' : 'TimeoutStopUSec';
      const argv = ['systemctl', 'show', '--no-pager', `--property=${property}`, '--', unitOf(name)];
      const result = await commands.run(
        { argv, effect: 'read', timeout: TIMEOUT, brief: true },
        new AbortController().signal,
      );
      if (!result.ok || result.exit !== 0) return undefined;
      return spanOf(unitsIn(capturedText(result.stdout))[0]?.[property]);
    },
  };
}

import type { ServiceState } from '../../model/host.ts';
import { daemonAbout } from '../linux/daemon-about.ts';
import { absent, type Init, isServiceName, running } from '../linux/init.ts';
import { searchDaemon } from '../linux/main-process.ts';
import { readSmall, sightHere } from './init-script.ts';
import { namesInFolder } from './init-sysv.ts';

/**
 * OpenRC keeps a service's state as a link in a folder of that name below /run/openrc (rc-service(8)): no fork is
 * needed to look.
 */
const STATES = ['starting', 'stopping', 'failed', 'started', 'inactive'] as const;

export function openrcInit(root = ''): Init {
  const folder = `${root}/run/openrc`;
  return {
    state: async (name) => {
      const script = readSmall(`${root}/etc/init.d/${name}`, 256 * 1024, true);
      if (!isServiceName(name) || script === null) return absent(name, 'openrc');
      const mark = STATES.find((state) => namesInFolder(`${folder}/${state}`)?.includes(name) === true);
      return {
        name,
        exists: true,
        manager: 'openrc',
        enabled: enabledIn(`${root}/etc/runlevels`, name),
        ...stateFrom(mark, script, name),
      };
    },
    command: (name, verb) => ['rc-service', name, verb],
  };
}

function stateFrom(
  mark: (typeof STATES)[number] | undefined,
  script: string,
  name: string,
): Pick<ServiceState, 'state' | 'pid' | 'since'> {
  const none = { pid: null, since: null };
  if (mark === 'starting' || mark === 'stopping' || mark === 'failed') return { state: mark, ...none };
  if (mark === undefined || mark === 'inactive') return { state: 'stopped', ...none };
  const about = daemonAbout(script, name);
  const { main, doubt } = searchDaemon(about, sightHere());
  if (main) return running(main);
  // "Started" without a process means crashed. A service without a daemon (a oneshot) names no program and counts as
  // started. If the owner of the process is not known, the manager is believed.
  return { state: about.certain && doubt === null && about.programs.length > 0 ? 'failed' : 'running', ...none };
}

function enabledIn(runlevels: string, name: string): boolean | null {
  const levels = namesInFolder(runlevels);
  return levels === null
    ? null
    : levels.some((level) => namesInFolder(`${runlevels}/${level}`)?.includes(name) === true);
}

import { readdirSync, statSync } from 'node:fs';
import type { Commands, ServiceManager, ServiceState } from '../../model/host.ts';
import { bootTime } from '../linux/boot-time.ts';
import { type DaemonAbout, daemonAbout } from '../linux/daemon-about.ts';
import { livesWords } from '../linux/daemon-words.ts';
import { absent, type Init, isServiceName, misledScript } from '../linux/init.ts';
import { scriptState } from '../linux/script-state.ts';
import { readPidFile, readSmall, sightHere, wouldBeSeen } from './init-script.ts';
import { resolvePath } from './pin.ts';

const FOLDERS = ['/etc/init.d', '/etc/rc.d/init.d'];
const RUNLEVELS = ['2', '3', '4', '5'].flatMap((level) => [`/etc/rc${level}.d`, `/etc/rc.d/rc${level}.d`]);

/** Init scripts in /etc/init.d, as the Linux Standard Base has them. */
export function sysvInit(commands: Commands): Init {
  return {
    state: async (name) => {
      const path = isServiceName(name) ? scriptOf(name) : null;
      if (path === null) return absent(name, 'sysv');
      return stateOfScript({ commands, path, name, manager: 'sysv', enabled: linkedToStart(name) });
    },
    lives: async (name) => livesBy(scriptOf(name), name),
    restarts: async (name) => aboutOf(scriptOf(name), name).restarts,
    command: (name, verb) => [scriptOf(name) ?? `/etc/init.d/${name}`, verb],
  };
}

/** A service named by the absolute path of its init script: nobody starts it at boot as far as we can tell. */
export function scriptInit(commands: Commands): Init {
  return {
    state: async (name) => {
      const led = resolvePath(name);
      if (!led.ok && led.code === 'ELOOP') return misledScript(name, led);
      return isFile(name)
        ? stateOfScript({ commands, path: name, name, manager: 'script', enabled: null })
        : absent(name, 'script');
    },
    lives: async (name) => livesBy(name, name),
    restarts: async (name) => aboutOf(name, name).restarts,
    command: (name, verb) => [name, verb],
  };
}

function livesBy(path: string | null, name: string): string {
  const about = aboutOf(path, name);
  const sight = sightHere();
  return about.programs.some(sight.isScript) ? '' : livesWords(about, new Set([0, ...sight.ids(about.users)]));
}

const aboutOf = (path: string | null, name: string): DaemonAbout =>
  daemonAbout((path && readSmall(path, MOST_SCRIPT, true)) ?? '', name);

const MOST_SCRIPT = 256 * 1024;

interface Script {
  readonly commands: Commands;
  readonly path: string;
  readonly name: string;
  readonly manager: ServiceManager;
  readonly enabled: boolean | null;
}

async function stateOfScript(script: Script): Promise<ServiceState> {
  const about = aboutOf(script.path, script.name);
  const known = { name: script.name, exists: true, enabled: script.enabled, manager: script.manager } as const;
  const { commands, path } = script;
  return {
    ...known,
    ...(await scriptState({ commands, path, about, sight: sightHere(), hidden: !wouldBeSeen(about), stoppedSince })),
  };
}

/**
 * A pid file that outlived a reboot (Postfix keeps its own on disk) was written by a daemon that has not run since: it
 * has been down since the boot at the latest. Otherwise nobody remembers.
 */
function stoppedSince(about: DaemonAbout): number | null {
  const boot = bootTime();
  const stale = about.pidFiles
    .filter((path) => readPidFile(path) !== null)
    .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs);
  return stale.some((time) => time !== undefined) && stale.every((time) => time === undefined || time < boot)
    ? boot
    : null;
}

function scriptOf(name: string): string | null {
  return FOLDERS.map((folder) => `${folder}/${name}`).find(isFile) ?? null;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Null where no runlevel's folder can be read. */
function linkedToStart(name: string): boolean | null {
  const levels = RUNLEVELS.map(namesInFolder).filter((names) => names !== null);
  if (levels.length === 0) return null;
  return levels.some((names) => names.some((entry) => /^S\d\d/.test(entry) && entry.slice(3) === name));
}

export function namesInFolder(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}

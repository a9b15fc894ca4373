import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { type Commands, capturedText, type ServiceState } from '../../model/host.ts';
import { daemonAbout } from '../linux/daemon-about.ts';
import { absent, type Init, isServiceName, running } from '../linux/init.ts';
import { searchDaemon } from '../linux/main-process.ts';
import { exeOf, livesStill, type PidStat, readPid, realUserOf } from '../linux/pid.ts';
import { systemctl, systemdQueue, unitOf } from '../linux/systemctl.ts';
import {
  isAbsent,
  PROPERTIES,
  type ShownUnit,
  stateShown,
  type UnitState,
  unitMarks,
  unitsIn,
  worstUnit,
} from '../linux/systemd-show.ts';
import { systemdTies } from '../linux/systemd-ties.ts';
import { sightHere } from './init-script.ts';
import { namesInFolder } from './init-sysv.ts';

/** systemd.unit(5), "System Unit Search Path", highest first. */
const UNIT_FOLDERS = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/run/systemd/system',
  '/run/systemd/system.attached',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
];
const SHOW_TIMEOUT = 10_000;

/** `root` is for tests: where /etc, /run, /usr and /sys are. */
export function systemdInit(commands: Commands, root = ''): Init {
  return {
    state: (name) =>
      isServiceName(name) ? stateOfUnit(commands, name, root) : Promise.resolve(absent(name, 'systemd')),
    command: systemctl,
    ties: (name) => systemdTies(commands, unitOf(name)),
    queue: systemdQueue(commands, (name) => stateOfUnit(commands, name, root, true)),
  };
}

async function stateOfUnit(commands: Commands, name: string, root: string, whole = false): Promise<ServiceState> {
  const found = findUnit(unitOf(name), root);
  // Its unit file is gone, but processes of it still run.
  const left = found === null && cgroupMembers(unitOf(name), root).length > 0;
  if (found === null && !left) return absent(name, 'systemd');
  const unit = found ?? { name: unitOf(name), asked: unitOf(name), text: '', masked: false };
  const known = { name, exists: true, manager: 'systemd', enabled: left ? null : enabledOf(unit, root) } as const;
  const main = mainInCgroup(unit, root);
  if (main && !whole && isPlain(unit, root)) return { ...known, ...running(main) };
  const asked = await ask(commands, unit, root);
  if (asked.state === 'unknown' && main) return { ...known, ...running(main) };
  return { ...known, ...asked, ...(left && asked.state !== 'unknown' && { removed: true }) };
}

interface Unit {
  /** The name behind an alias: crond.service may be a link to cron.service, and the cgroup has the real name. */
  readonly name: string;
  readonly asked: string;
  readonly text: string;
  readonly masked: boolean;
}

function findUnit(asked: string, root: string): Unit | null {
  const template = asked.replace(/^([^@]*@)[^.]*\./, '$1.');
  for (const folder of UNIT_FOLDERS) {
    for (const file of new Set([asked, template])) {
      const unit = readUnit(`${root}${folder}/${file}`, asked, file === asked);
      if (unit !== null) return unit;
    }
  }
  return null;
}

function readUnit(path: string, asked: string, whole: boolean): Unit | null {
  try {
    lstatSync(path);
    const real = realpathSync(path);
    const masked = real === '/dev/null';
    const name = masked || !whole || basename(real).includes('@.') ? asked : basename(real);
    return { name, asked, text: masked ? '' : readFileSync(real, 'utf8'), masked };
  } catch {
    return null;
  }
}

/**
 * Links in *.wants and *.requires. Null where the unit has no [Install] section: others may pull it in without a link.
 */
function enabledOf(unit: Unit, root: string): boolean | null {
  if (unit.masked) return false;
  const linked = UNIT_FOLDERS.some((folder) =>
    (namesInFolder(`${root}${folder}`) ?? [])
      .filter((entry) => /\.(?:wants|requires)$/.test(entry))
      .some((entry) => {
        const names = namesInFolder(`${root}${folder}/${entry}`) ?? [];
        return names.includes(unit.name) || names.includes(unit.asked);
      }),
  );
  if (linked) return true;
  return /^\[Install\]/m.test(unit.text) ? false : null;
}

/**
 * The service runs if its main process is there and the unit waits for nothing else (a readiness message, a command
 * after the start, a setting of a drop-in). If the unit is masked, systemd is asked.
 */
function isPlain({ name, text, masked }: Unit, root: string): boolean {
  const type = /^Type=(\S*)/m.exec(text)?.[1] ?? '';
  const more =
    /^(?:ExecStartPost|ExecCondition)=/m.test(text) ||
    UNIT_FOLDERS.some((folder) => namesInFolder(`${root}${folder}/${name}.d`) !== null);
  return !masked && ['', 'simple', 'exec'].includes(type) && !more;
}

/**
 * The main process, without a fork, where there can be no doubt: in the unit's cgroup, a child of PID 1, leader of its
 * session, running ExecStart's program, root's by its real user. What a stopped cron left behind in its cgroup
 * (KillMode=process) is none of these together, and a user's job in it that runs cron's own program in a session of its
 * own is not root's. A daemon that runs as somebody else is systemd's to tell.
 */
function mainInCgroup(unit: Unit, root: string): PidStat | null {
  const program = /^ExecStart=[-@:+!|]*(\/\S+)/m.exec(unit.text)?.[1];
  if (program === undefined || /^Type=oneshot/m.test(unit.text)) return null;
  const real = realOf(program);
  const leaders = cgroupMembers(unit.name, root)
    .map(readPid)
    .filter(
      (stat) =>
        stat !== null && stat.ppid === 1 && stat.session === stat.pid && livesStill(stat) && exeOf(stat.pid) === real,
    )
    .filter((stat) => stat !== null && realUserOf(stat.pid) === 0);
  return leaders.length === 1 ? (leaders[0] ?? null) : null;
}

function cgroupMembers(unit: string, root: string): readonly number[] {
  const prefix = cgroupPrefix();
  for (const tree of ['', '/systemd', '/unified']) {
    try {
      const text = readFileSync(`${root}/sys/fs/cgroup${tree}${prefix}/system.slice/${unit}/cgroup.procs`, 'latin1');
      return text.split('\n').filter(Boolean).map(Number);
    } catch {
      // Another layout of cgroups, or the unit is not running.
    }
  }
  return [];
}

/** PID 1 lives in PREFIX/init.scope; the prefix is not empty in a container that sees its host's cgroups. */
function cgroupPrefix(): string {
  try {
    return /^(?:0:|\d+:name=systemd):(.*)\/init\.scope$/m.exec(readFileSync('/proc/1/cgroup', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function ask(commands: Commands, unit: Unit, root: string): Promise<UnitState> {
  const shown = await show(commands, unit.name);
  if (typeof shown === 'string') return { state: 'unknown', pid: null, since: null, reason: shown };
  const own = shown[0] ?? {};
  if (isAbsent(own)) return { state: 'unknown', pid: null, since: null, exists: false, reason: 'no such service' };
  const instance = own.SubState === 'exited' ? await instanceOf(commands, unit.name, root) : null;
  return { ...withKnownPid(stateShown(instance ?? own), unit.name), ...unitMarks(own) };
}

/**
 * systemd does not know the main process of what forks by itself (GuessMainPID=no, as Debian's postfix has it); its pid
 * file may.
 */
function withKnownPid(seen: UnitState, unit: string): UnitState {
  const about = daemonAbout('', unit.replace(/\.service$/, ''));
  if (seen.state !== 'running' || seen.pid !== null || !about.certain) return seen;
  return { ...seen, pid: searchDaemon(about, sightHere()).main?.pid ?? null };
}

/**
 * Debian's postfix.service is /bin/true; the daemon is its instance postfix@-.service. The state is that of the worst
 * instance.
 */
async function instanceOf(commands: Commands, unit: string, root: string): Promise<ShownUnit | null> {
  const stem = unit.replace(/\.service$/, '');
  if (findUnit(`${stem}@.service`, root) === null) return null;
  const shown = await show(commands, `${stem}@*.service`);
  if (typeof shown === 'string') return null;
  return worstUnit(shown);
}

/** One record a unit, or why there is none. */
async function show(commands: Commands, pattern: string): Promise<readonly ShownUnit[] | string> {
  const argv = ['systemctl', 'show', '--no-pager', '--timestamp=unix', `--property=${PROPERTIES}`, '--', pattern];
  const result = await commands.run({ argv, effect: 'read', timeout: SHOW_TIMEOUT }, new AbortController().signal);
  if (!result.ok) return result.message;
  if (result.exit !== 0)
    return `systemctl show ended with ${result.exit ?? result.signal}: ${capturedText(result.stderr).trim()}`;
  return unitsIn(capturedText(result.stdout));
}

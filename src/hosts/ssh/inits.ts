import { isRunning } from '../../model/host/service.ts';
import {
  type Commands,
  type Failure,
  failure,
  type Machine,
  type Result,
  type ServiceManager,
  type ServiceState,
} from '../../model/host.ts';
import { type DaemonAbout, daemonAbout } from '../linux/daemon-about.ts';
import { livesWords } from '../linux/daemon-words.ts';
import { absent, type Init, isServiceName, misledScript } from '../linux/init.ts';
import { searchDaemon } from '../linux/main-process.ts';
import type { ProcStat } from '../linux/proc-text.ts';
import { type State, scriptState } from '../linux/script-state.ts';
import { systemctl, systemdQueue, unitOf } from '../linux/systemctl.ts';
import {
  isAbsent,
  PROPERTIES,
  type ShownUnit,
  stateShown,
  unitMarks,
  unitsIn,
  worstUnit,
} from '../linux/systemd-show.ts';
import { systemdTies } from '../linux/systemd-ties.ts';
import { resolveFar } from './files/resolve.ts';
import type { ProcQuestions } from './proc-look.ts';
import { wordList } from './proc-words.ts';
import type { Remote } from './remote.ts';
import { type DaemonLook, lookAtDaemon, NOTHING, scriptWords } from './service-look.ts';

interface World {
  readonly remote: Remote;
  readonly questions: ProcQuestions;
  readonly commands: Commands;
  readonly machine: Pick<Machine, 'users'>;
}

/** The state of a service if the host could not be asked: unknown. It does not mean that there is no such service. */
export function unasked(name: string, manager: ServiceManager, { message }: Failure): ServiceState {
  return { name, exists: true, state: 'unknown', enabled: null, pid: null, since: null, manager, reason: message };
}

const STOPPED = { state: 'stopped', pid: null, since: null } as const;

function running(look: DaemonLook, main: ProcStat): Pick<ServiceState, 'state' | 'pid' | 'since'> {
  return { state: 'running', pid: main.pid, since: look.sight.startedAt(main) };
}

// ---------------------------------------------------------------- systemd

/**
 * Whatever its manager says, in one question, with the instances behind it (Debian's postfix.service is /bin/true) and
 * its pid file.
 */
export function farSystemd(world: World): Init {
  return {
    state: (name) => stateOfUnit(world, name),
    command: systemctl,
    ties: (name) => systemdTies(world.commands, unitOf(name)),
    queue: systemdQueue(world.commands, (name) => stateOfUnit(world, name)),
  };
}

async function stateOfUnit(world: World, name: string): Promise<ServiceState> {
  if (!isServiceName(name)) return absent(name, 'systemd');
  const unit = unitOf(name);
  const stem = unit.replace(/\.service$/, '');
  const about = daemonAbout('', stem);
  const units = unit === stem || unit.includes('@') ? [unit] : [unit, `${stem}@*.service`];
  // In UTC and in words: --timestamp=unix came with systemd 247.
  const show = `systemctl show --no-pager --property=${PROPERTIES} -- ${wordList(units)}`;
  const script = `mark show; TZ=UTC0 ${show}; mark shown "$?"\n`;
  const asked = await lookAtDaemon(world, { about: about.certain ? about : NOTHING, script });
  if (!asked.ok) return unasked(name, 'systemd', asked);
  const { sections, stderr } = asked.look.told;
  const [own, ...instances] = unitsIn(sections.text('show'));
  if (sections.word('shown') !== '0' || own === undefined)
    return unasked(name, 'systemd', failure('systemctl', `systemctl show: ${stderr.trim().slice(-500)}`));
  if (isAbsent(own)) return absent(name, 'systemd');
  const shown = own.SubState === 'exited' ? (worstUnit(instances) ?? own) : own;
  const known = { name, exists: true, manager: 'systemd', enabled: enabledIn(own) } as const;
  const seen = { ...known, ...withPidOf(asked.look, about, stateShown(shown)), ...unitMarks(own) };
  return (await hasLostItsFile(world, own)) && isRunning(seen.state) ? { ...seen, removed: true } : seen;
}

/** systemd goes on with what it has read, until it is told to read again. */
async function hasLostItsFile(
  { commands }: World,
  { NeedDaemonReload, FragmentPath = '' }: ShownUnit,
): Promise<boolean> {
  if (NeedDaemonReload !== 'yes' || FragmentPath === '') return false;
  const argv = ['test', '-e', FragmentPath];
  const found = await commands.run(
    { argv, effect: 'read', timeout: 10_000, brief: true },
    new AbortController().signal,
  );
  return found.ok && found.exit === 1;
}

/**
 * systemd does not know the main process of what forks by itself (GuessMainPID=no, as Debian's postfix has it); its pid
 * file may.
 */
function withPidOf(
  look: DaemonLook,
  about: DaemonAbout,
  seen: ReturnType<typeof stateShown>,
): ReturnType<typeof stateShown> {
  if (seen.state !== 'running' || seen.pid !== null || !about.certain) return seen;
  return { ...seen, pid: searchDaemon(about, look.sight).main?.pid ?? null };
}

/** systemctl(1), is-enabled. Null: others may pull it in, or a generator has made it. */
function enabledIn({ LoadState, UnitFileState = '' }: ShownUnit): boolean | null {
  if (LoadState === 'masked' || /^(?:masked|disabled)/.test(UnitFileState)) return false;
  return /^enabled/.test(UnitFileState) ? true : null;
}

// ---------------------------------------------------------------- init scripts

interface Kind {
  readonly manager: Exclude<ServiceManager, 'systemd'>;
  /** Where the script of a service may be; none: that is no name. */
  readonly candidates: (name: string) => readonly string[];
  /** Sets `enabled` to 1, 0 or nothing, and `started` to OpenRC's mark. */
  readonly words: (name: string) => string;
  readonly command: (name: string, path: string | undefined, verb: string) => readonly string[];
  readonly stateFrom: (script: Script, look: DaemonLook) => Promise<State> | State;
}

interface Script {
  readonly path: string;
  readonly stamp: string;
  readonly about: DaemonAbout;
  readonly lives: string;
}

const MOST_TRIES = 5;

/** A script is read once and then only looked at whether it is still the same. */
function scripts(world: World, kind: Kind): Init {
  const known = new Map<string, Script>();
  const ask = async (name: string): Promise<Result<{ readonly look: DaemonLook }>> => {
    const script = known.get(name);
    const before = `${scriptWords(kind.candidates(name), script?.stamp ?? 'none')}enabled= started=\n${kind.words(name)}mark enabled "$enabled"\nmark started "$started"\n`;
    const about = script?.about ?? NOTHING;
    const users = about.users.length === 0 ? {} : await world.machine.users();
    return await lookAtDaemon(world, { about, script: before, users });
  };
  return {
    command: (name, verb) => kind.command(name, known.get(name)?.path, verb),
    // Whoever arms a lease has asked for the state before.
    lives: async (name) => known.get(name)?.lives ?? '',
    restarts: async (name) => known.get(name)?.about.restarts ?? false,
    state: async (name) => {
      if (kind.candidates(name).length === 0) return absent(name, kind.manager);
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const asked = await ask(name);
        if (!asked.ok) return unasked(name, kind.manager, asked);
        const { sections } = asked.look.told;
        const script = known.get(name);
        if (sections.text('path') === '') return absent(name, kind.manager);
        if (script && script.stamp === sections.word('stamp')) {
          known.set(name, { ...script, lives: livesIn(script.about, asked.look) });
          const enabled = { 1: true, 0: false }[sections.word('enabled')] ?? null;
          return { name, exists: true, manager: kind.manager, enabled, ...(await kind.stateFrom(script, asked.look)) };
        }
        const about = daemonAbout(sections.text('text'), name);
        known.set(name, { path: sections.text('path'), stamp: sections.word('stamp'), about, lives: '' });
      }
      return unasked(name, kind.manager, failure('changing', `the init script of ${name} changes while it is read`));
    },
  };
}

function livesIn(about: DaemonAbout, { sight }: DaemonLook): string {
  return about.programs.some(sight.isScript) ? '' : livesWords(about, new Set([0, ...sight.ids(about.users)]));
}

/** In /etc/init.d, as the Linux Standard Base has them. */
export function farSysv(world: World): Init {
  return scripts(world, {
    manager: 'sysv',
    candidates: (name) => (isServiceName(name) ? [`/etc/init.d/${name}`, `/etc/rc.d/init.d/${name}`] : []),
    words: (name) => `for level in /etc/rc[2345].d /etc/rc.d/rc[2345].d; do [ ! -d "$level" ] || enabled=\${enabled:-0}
for link in "$level"/S[0-9][0-9]${wordList([name])}; do { [ ! -e "$link" ] && [ ! -L "$link" ]; } || enabled=1; done; done
`,
    command: (name, path, verb) => [path ?? `/etc/init.d/${name}`, verb],
    stateFrom: (script, look) => stateByScript(world, script, look),
  });
}

/** A service named by the absolute path of its init script: nobody starts it at boot as far as we can tell. */
export function farScript(world: World): Init {
  const own = scripts(world, {
    manager: 'script',
    candidates: (name) => [name],
    words: () => '',
    command: (name, _, verb) => [name, verb],
    stateFrom: (script, look) => stateByScript(world, script, look),
  });
  return {
    ...own,
    state: async (name) => {
      const led = await resolveFar(world.remote, name);
      return !led.ok && led.code === 'ELOOP' ? misledScript(name, led) : await own.state(name);
    },
  };
}

async function stateByScript({ commands }: World, { about, path }: Script, look: DaemonLook): Promise<State> {
  const { sight, hidden } = look;
  return await scriptState({ commands, path, about, sight, hidden, stoppedSince: () => stoppedSince(look) });
}

/** A pid file that outlived a reboot was written by a daemon that has not run since. Otherwise nobody remembers. */
function stoppedSince({ written, sight: { bootTime } }: DaemonLook): number | null {
  const stale = [...written.values()];
  return stale.length > 0 && stale.every((time) => time < bootTime) ? bootTime : null;
}

// ---------------------------------------------------------------- OpenRC

const MARKS = ['starting', 'stopping', 'failed', 'started', 'inactive'] as const;

/** OpenRC keeps a service's state as a link in a folder of that name below /run/openrc (rc-service(8)). */
export function farOpenrc(world: World): Init {
  return scripts(world, {
    manager: 'openrc',
    candidates: (name) => (isServiceName(name) ? [`/etc/init.d/${name}`] : []),
    words: (name) => `there() { [ -e "$1" ] || [ -L "$1" ]; }
for mark in ${MARKS.join(' ')}; do if there "/run/openrc/$mark/"${wordList([name])}; then started=$mark; break; fi; done
for level in /etc/runlevels/*; do [ ! -d "$level" ] || enabled=\${enabled:-0}; ! there "$level/"${wordList([name])} || enabled=1; done
`,
    command: (name, _, verb) => ['rc-service', name, verb],
    stateFrom: ({ about }, look) =>
      markedState(
        MARKS.find((mark) => mark === look.told.sections.word('started')),
        about,
        look,
      ),
  });
}

function markedState(mark: (typeof MARKS)[number] | undefined, about: DaemonAbout, look: DaemonLook): State {
  if (mark === 'starting' || mark === 'stopping' || mark === 'failed') return { state: mark, pid: null, since: null };
  if (mark === undefined || mark === 'inactive') return STOPPED;
  const { main, doubt } = searchDaemon(about, look.sight);
  if (main) return running(look, main);
  // Started, but nobody there: crashed. A service without a daemon (a oneshot) names no program, and is as started as
  // it gets.
  return {
    state: about.certain && doubt === null && about.programs.length > 0 ? 'failed' : 'running',
    pid: null,
    since: null,
  };
}

import type { Host } from '../model/host.ts';
import { latin1Of } from '../model/text/bytes.ts';
import { plural, showCount, showDuration, showSize } from '../model/text/quantity.ts';

/** What a machine can do now. `limited`: the engine does it another way. `stuck`: no run could act. */
export interface Check {
  readonly name: string;
  readonly state: 'well' | 'limited' | 'stuck';
  readonly seen: string;
  /** What the engine does instead, or what a person can do; null where all is well. */
  readonly instead: string | null;
}

export interface DoctorParts {
  /** Refuses every change. */
  readonly host: Host;
  readonly home: string;
  /** What each place of journals would do with a run, in the order they are tried. */
  readonly rooms: readonly {
    readonly path: string;
    readonly takes: 'a run' | 'hardly' | 'nothing';
    readonly why: string;
  }[];
  readonly prepared: string | null;
  /** The run that has the host now, in words. */
  readonly holder: string | null;
  /**
   * Free process slots as the launcher counted them, its own among them, and the limit's name; null: it did not count.
   */
  readonly slots: { readonly free: number; readonly limit: string } | null;
  readonly terminal: boolean;
}

/** Looks only, and starts no program: what it says must be true on the machine that is broken. */
export async function examine(parts: DoctorParts): Promise<readonly Check[]> {
  return [
    journalCheck(parts),
    preparedCheck(parts),
    lockCheck(parts),
    ...(await diskChecks(parts)),
    slotsCheck(parts),
    await userCheck(parts),
    await servicesCheck(parts),
    await programCheck(
      parts.host,
      'crontab',
      "users' crontabs cannot be installed: a step that edits one fails before it writes",
    ),
    terminalCheck(parts),
    await programCheck(parts.host, 'ssh', 'other hosts cannot be reached from here'),
    await drillCheck(parts.host),
  ];
}

/** The part for a host over ssh. Journal, terminal and drill belong to this machine. */
export type DoctorThereParts = Pick<DoctorParts, 'host' | 'holder'> & {
  /** Why it cannot be locked over there; null: it can. */
  readonly unlocked: string | null;
};

export async function examineThere({ host, holder, unlocked }: DoctorThereParts): Promise<readonly Check[]> {
  return [
    {
      name: 'connection',
      state: 'well',
      seen: `${host.name} answers, as ${(await host.machine.facts()).user}`,
      instead: null,
    },
    clockCheck(host),
    unlocked === null
      ? lockCheck({ holder })
      : {
          name: 'lock',
          state: 'limited',
          seen: unlocked,
          instead: 'only runs that are started from here are kept apart',
        },
    ...(await diskChecks({ host, home: '/' })),
    await userCheck({ host }, '--become'),
    await servicesCheck({ host }),
    await programCheck(
      host,
      'crontab',
      "users' crontabs cannot be installed: a step that edits one fails before it writes",
    ),
  ];
}

const SECONDS = 30_000;

function clockCheck({ farClock }: Host): Check {
  const { ahead = 0, zone = null } = farClock?.() ?? {};
  const where = `its zone is ${zone ?? "not known, so this machine's is taken for it"}`;
  if (Math.abs(ahead) < SECONDS) return { name: 'clock', state: 'well', seen: `as here; ${where}`, instead: null };
  const seen = `${showDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the clock here; ${where}`;
  return {
    name: 'clock',
    state: 'limited',
    seen,
    instead: "ages are told by its clock, a run's times by the clock here",
  };
}

function journalCheck({ rooms }: DoctorParts): Check {
  const name = 'journal';
  const [home] = rooms;
  const used = rooms.find(({ takes }) => takes === 'a run') ?? rooms.find(({ takes }) => takes === 'hardly');
  const tried = rooms
    .filter(({ why }) => why !== 'not prepared')
    .map(({ path, why }) => `${path}: ${why}`)
    .join('; ');
  if (used === undefined) {
    return {
      name,
      state: 'stuck',
      seen: tried,
      instead: 'nothing is touched without a journal, exit 73: make room in one of them',
    };
  }
  if (used === home && used.takes === 'a run')
    return { name, state: 'well', seen: `${used.path} ${used.why}`, instead: null };
  return {
    name,
    state: 'limited',
    seen: tried,
    instead: `it is written in ${used.path}, and moves home once there is room`,
  };
}

function preparedCheck({ prepared }: DoctorParts): Check {
  const name = 'prepared';
  return prepared === null
    ? {
        name,
        state: 'limited',
        seen: 'no',
        instead: 'with every disk full a run cannot begin: firebreak prepare, while the host is well',
      }
    : { name, state: 'well', seen: prepared, instead: null };
}

function lockCheck({ holder }: Pick<DoctorParts, 'holder'>): Check {
  const name = 'lock';
  return holder === null
    ? { name, state: 'well', seen: 'free', instead: null }
    : { name, state: 'stuck', seen: holder, instead: 'a second run is refused, exit 75: let it end' };
}

const FEW = 0.05;

async function diskChecks({ host, home }: Pick<DoctorParts, 'host' | 'home'>): Promise<readonly Check[]> {
  const paths = [...new Set(['/', '/var', '/tmp', '/run', home])];
  const found = await Promise.all(paths.map(async (path) => ({ path, usage: await host.files.usage(path) })));
  return found.map(({ path, usage }): Check => {
    const name = `disk ${path}`;
    if (!usage.ok) return { name, state: 'limited', seen: usage.message, instead: 'it is not looked at' };
    const { space, inodes } = usage;
    const seen = `${showSize(space.free)} of ${showSize(space.total)} free, ${inodes.total === 0 ? 'inodes without a limit' : `${showCount(inodes.free)} of ${showCount(inodes.total)} inodes`}`;
    const noInode = inodes.total !== 0 && inodes.free === 0;
    if (noInode || space.free === 0) {
      return {
        name,
        state: 'limited',
        seen,
        instead: 'files are deleted and written over in place; what needs a new file comes after that',
      };
    }
    const few = space.free < space.total * FEW || (inodes.total !== 0 && inodes.free < inodes.total * FEW);
    return {
      name,
      state: few ? 'limited' : 'well',
      seen,
      instead: few ? 'it works as usual while there is any' : null,
    };
  });
}

/** Node has taken three of them: see bin/firebreak. */
const OURS = 3;

function slotsCheck({ slots }: DoctorParts): Check {
  const name = 'process slots';
  if (slots === null)
    return { name, state: 'limited', seen: 'not counted', instead: 'bin/firebreak counts them: start it, not Node' };
  const left = slots.free - OURS;
  if (slots.limit === '') return { name, state: 'well', seen: 'no limit is near', instead: null };
  const seen = `${plural(slots.free, 'slot')} free when this began, by ${slots.limit}`;
  if (left >= 10) return { name, state: 'well', seen, instead: null };
  return {
    name,
    state: 'limited',
    seen,
    instead:
      'a service is stopped by signalling its main process; what starts a program comes after processes have been ended',
  };
}

async function userCheck({ host }: Pick<DoctorParts, 'host'>, way = 'sudo firebreak ...'): Promise<Check> {
  const { uid, user } = await host.machine.facts();
  const name = 'user';
  if (uid === 0) return { name, state: 'well', seen: 'root', instead: null };
  return {
    name,
    state: 'limited',
    seen: user,
    instead: `services, other users' processes and crontabs are out of reach: ${way}`,
  };
}

async function servicesCheck({ host }: Pick<DoctorParts, 'host'>): Promise<Check> {
  const { manager } = await host.machine.facts();
  const idle = manager !== 'systemd' && (await host.commands.which('systemctl')) !== null;
  const seen = { systemd: 'systemd', sysv: 'init scripts', openrc: 'OpenRC', script: 'init scripts' }[manager];
  return {
    name: 'services',
    state: 'well',
    seen: idle ? `${seen}; systemctl is installed, systemd does not run` : seen,
    instead: null,
  };
}

async function programCheck(host: Host, name: string, instead: string): Promise<Check> {
  const path = await host.commands.which(name);
  return path === null
    ? { name, state: 'limited', seen: 'not installed', instead }
    : { name, state: 'well', seen: path, instead: null };
}

function terminalCheck({ terminal }: DoctorParts): Check {
  const name = 'terminal';
  return terminal
    ? { name, state: 'well', seen: 'you are asked before each action', instead: null }
    : {
        name,
        state: 'limited',
        seen: 'none',
        instead: 'nobody can be asked: firebreak run ... --unattended --policy FILE',
      };
}

/** Found out without a try, because making a namespace costs a process. */
async function drillCheck(host: Host): Promise<Check> {
  const name = 'drill';
  const instead = 'firebreak drill works in a temporary folder, without a file system of its own';
  if ((await host.commands.which('unshare')) === null)
    return { name, state: 'limited', seen: 'unshare is not installed', instead };
  const { uid } = await host.machine.facts();
  if (uid === 0) {
    const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(await textOf(host, '/proc/self/status'))?.[1] ?? '0';
    const may = (BigInt(`0x${capabilities}`) >> SYS_ADMIN) % 2n === 1n;
    return may
      ? { name, state: 'well', seen: 'in namespaces of its own', instead: null }
      : { name, state: 'limited', seen: 'root without CAP_SYS_ADMIN', instead };
  }
  const forbidden = await forbids(host);
  return forbidden === null
    ? { name, state: 'well', seen: 'in namespaces of its own', instead: null }
    : { name, state: 'limited', seen: forbidden, instead };
}

/** capabilities(7). */
const SYS_ADMIN = 21n;

/** user_namespaces(7), and what Debian and Ubuntu have added to it. */
async function forbids(host: Host): Promise<string | null> {
  const rules = [
    ['/proc/sys/user/max_user_namespaces', '0'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0'],
    ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'],
  ] as const;
  for (const [path, value] of rules) if ((await textOf(host, path)).trim() === value) return `${path} is ${value}`;
  return null;
}

async function textOf(host: Host, path: string): Promise<string> {
  const [content] = await host.files.read([path]);
  return content?.ok ? latin1Of(content.bytes) : '';
}

import { type Holder, whoHolds } from '../journal/lock.ts';
import { placesFor } from '../journal/places.ts';
import { preparedIn } from '../journal/prepared.ts';
import { roomIn } from '../journal/room.ts';
import type { ReachedHost } from '../model/world.ts';
import { type Check, type DoctorParts, examine, examineThere } from '../operations/doctor.ts';
import { lockName } from '../wiring/environment.ts';
import { defineCommand, type Io } from './_command.ts';
import { chosenHost, whileReached } from './_host.ts';
import { isFleet } from './_limit.ts';
import { print } from './_print.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { HOST_OPTIONS } from './fleet/hosts.ts';

/** One host, and how it is reached. */
const REACH = /^--(host|ssh-config|become|ask-become-password|become-password)( |$)/;
const REACH_OPTIONS = HOST_OPTIONS.filter(({ flags }) => REACH.test(flags));

/** What the launcher counted: `12 /sys/fs/cgroup/pids.max`, or `1000000 ` where nothing limits. */
function countedSlots({ FIREBREAK_COUNTED: counted }: Io['env']): DoctorParts['slots'] {
  const match = /^(\d+) (.*)$/.exec(counted ?? '');
  return match ? { free: Number(match[1]), limit: match[2] ?? '' } : null;
}

/** What there is to say of another host: whether it can be reached, whether it could be locked now, and what it has. */
async function examineChosen(io: Io, { readOnlyHost, target, lock }: ReachedHost): Promise<readonly Check[]> {
  if (target === null) return examine(await partsHere(io));
  const locked = await lock('doctor');
  if (locked.ok) await locked.release();
  const holder = locked.ok ? null : locked.message.replace(/; nothing was touched$/, '');
  return examineThere({ host: readOnlyHost, holder, unlocked: locked.ok ? locked.note : null });
}

async function sayChecks(
  io: Io,
  host: ReachedHost,
  options: Readonly<Record<string, unknown>>,
): Promise<CommandResult> {
  const checks = await examineChosen(io, host);
  const able = checks.every(({ state }) => state !== 'stuck');
  const { tellDoctor } = await import('../views/tell/doctor.ts');
  await print(io, { document: () => tellDoctor(checks), record: () => ({ able, checks }) }, options);
  return { outcome: able ? 'held' : 'unsupported-machine' };
}

async function partsHere(io: Io): Promise<DoctorParts> {
  const { hostsHere } = await import('../wiring/host.ts');
  const places = placesFor(io);
  const name = lockName(io);
  const holder = await whoHolds({ uid: io.uid, ...(name !== undefined && { name }) });
  return {
    host: hostsHere().readOnlyHost,
    home: io.home,
    rooms: places
      .map((place) => roomIn(place, io.uid))
      .map(({ place, takes, why }) => ({ path: place.path, takes, why })),
    prepared: preparedIn(places, io.uid)?.folder ?? null,
    holder: holder && sayHolder(holder),
    slots: countedSlots(io.env),
    terminal: io.tty.stdin && io.tty.stderr,
  };
}

const sayHolder = (holder: Holder | 'silent'): string =>
  holder === 'silent'
    ? 'a run that does not answer just now (busy or stopped)'
    : `${holder.run}, pid ${holder.pid}, by ${holder.who} since ${holder.since}`;

export default defineCommand({
  name: 'doctor',
  summary: 'what this machine can and cannot do now, and what is done instead',
  about:
    'Looks at what a run would need on this machine now: a place for its journal, space and inodes, process slots, the service manager, and more; and says what the engine does where something is missing. Changes nothing, and starts no program here but ssh for --host. Exits 69 where no run could act, and 10 where the host of --host cannot be reached.',
  args: [],
  options: [...REACH_OPTIONS, { flags: '--json', about: 'print the checks as JSON' }],
  examples: [
    ['firebreak doctor', 'one line a check'],
    ['firebreak doctor --json', 'for programs'],
    ['firebreak doctor --host web1', 'of another host, over ssh: whether it answers, and what it has'],
  ],
  async run(io, _args, options) {
    if (isFleet(options)) return refuse('the doctor sees one host at a time: name it with --host', 'usage');
    const chosen = await chosenHost(io, options);
    return hasEnded(chosen) ? chosen : whileReached(io, chosen, (_world, host) => sayChecks(io, host, options));
  },
});

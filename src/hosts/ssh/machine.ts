import type { Machine, MachineFacts } from '../../model/host.ts';
import { parsePasswd } from '../linux/passwd.ts';
import type { Remote } from './remote.ts';

/** What may change while a host runs, one line a fact: with builtins, but for /proc/stat, whose lines may be long. */
const NOW = `
word() { x=; { IFS= read -r x <"$1"; } 2>/dev/null; printf '%s\\n' "$x"; }
word /proc/sys/kernel/hostname
word /proc/sys/kernel/random/boot_id
word /proc/uptime
grep '^btime ' /proc/stat || echo
`;

/**
 * What stays as it is until the next boot, in the order of `parseLook`; then passwd(5). Nothing is asked of a name
 * service: it may be what hangs.
 */
const LOOK = `${NOW}
id -u
if [ -d /run/systemd/system ]; then echo systemd; elif [ -e /run/openrc/softlevel ]; then echo openrc; else echo sysv; fi
readlink /etc/localtime || echo
word /etc/timezone
cat /etc/passwd`;

type Moment = Pick<MachineFacts, 'hostname' | 'bootId' | 'bootTime' | 'uptime'>;

interface Look {
  readonly facts: Omit<MachineFacts, 'user'>;
  readonly users: Readonly<Record<string, string>>;
}

/** The far machine, in one question. Where nobody answers its facts are empty: the connection tells why. */
export function sshMachine(remote: Remote): Machine {
  let users: Readonly<Record<string, string>> | undefined;
  let known: Look | null = null;

  async function look(): Promise<Look | null> {
    const answer = await remote.ask(LOOK, { effect: 'read' });
    if (!answer.ok) return null;
    known = parseLook(answer.stdout.toString('utf8'), remote.name);
    users ??= known.users;
    return known;
  }

  /** Of the same boot the rest is known. */
  async function lookAgain({ facts, users: seen }: Look): Promise<Look | null> {
    const answer = await remote.ask(NOW, { effect: 'read' });
    if (!answer.ok) return null;
    const moment = momentIn(answer.stdout.toString('utf8').split('\n'), remote.name);
    if (moment.bootId === '' || moment.bootId !== facts.bootId) return await look();
    return { facts: { ...facts, ...moment }, users: seen };
  }

  return {
    async facts() {
      const seen = await (known === null ? look() : lookAgain(known));
      if (seen === null) return unknownFacts(remote.name);
      return { ...seen.facts, user: seen.users[seen.facts.uid] ?? String(seen.facts.uid) };
    },
    async users() {
      if (users === undefined) await look();
      return users ?? {};
    },
  };
}

const unknownFacts = (name: string): MachineFacts => ({
  hostname: name,
  bootId: '',
  bootTime: 0,
  uptime: 0,
  uid: -1,
  user: '',
  manager: 'sysv',
});

const LONGEST = 255;

function momentIn([hostname = '', bootId = '', uptime = '', btime = '']: readonly string[], name: string): Moment {
  return {
    hostname: hostname === '' ? name : hostname.slice(0, LONGEST),
    bootId: matching(/^[0-9a-f-]{36}$/, bootId) ?? '',
    bootTime: Number(/^btime (\d{1,12})$/.exec(btime)?.[1] ?? 0) * 1000,
    uptime: Math.round(Number(/^(\d{1,12}(?:\.\d+)?) /.exec(uptime)?.[1] ?? 0) * 1000),
  };
}

/** What does not look like the fact it should be is none: the far side may say what it likes. */
export function parseLook(text: string, name: string): Look {
  const lines = text.split('\n');
  const [uid = '', manager = '', localtime = '', timezone = ''] = lines.slice(4);
  return {
    facts: {
      ...momentIn(lines, name),
      uid: Number(matching(/^\d{1,10}$/, uid) ?? -1),
      manager: manager === 'systemd' || manager === 'openrc' ? manager : 'sysv',
      zone:
        /\/zoneinfo\/(?:posix\/|right\/)?([A-Za-z0-9_+/-]{1,64})$/.exec(localtime)?.[1] ??
        matching(/^[A-Za-z0-9_+/-]{1,64}$/, timezone),
    },
    users: parsePasswd(lines.slice(8).join('\n')),
  };
}

const matching = (pattern: RegExp, text: string): string | null => (pattern.test(text) ? text : null);

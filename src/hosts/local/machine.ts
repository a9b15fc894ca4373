import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Machine, ServiceManager } from '../../model/host.ts';

export function localMachine(): Machine {
  let users: Readonly<Record<string, string>> | undefined;
  const names = (): Readonly<Record<string, string>> => {
    users ??= parsePasswd(readOr('/etc/passwd', ''));
    return users;
  };
  return {
    async facts() {
      const uid = process.getuid?.() ?? 0;
      return {
        hostname: hostname(),
        bootId: readOr('/proc/sys/kernel/random/boot_id', '').trim(),
        bootTime: bootTime(),
        uptime: Number(readOr('/proc/uptime', '0').split(' ')[0]) * 1000,
        uid,
        user: names()[uid] ?? String(uid),
        manager: runningManager(),
      };
    },
    users: async () => names(),
  };
}

/** Epoch milliseconds, `btime` of /proc/stat (proc(5)). Read each time: it moves when the clock is set. */
export function bootTime(): number {
  const match = /^btime (\d+)$/m.exec(readOr('/proc/stat', ''));
  return Number(match?.[1] ?? 0) * 1000;
}

/**
 * What runs, not what is installed: sd_booted(3) looks at /run/systemd/system, openrc(8) keeps /run/openrc/softlevel.
 */
export function runningManager(): Exclude<ServiceManager, 'script'> {
  if (existsSync('/run/systemd/system')) return 'systemd';
  return existsSync('/run/openrc/softlevel') ? 'openrc' : 'sysv';
}

/** passwd(5). The first line for an id wins, as getpwuid(3) has it. */
export function parsePasswd(text: string): Readonly<Record<string, string>> {
  const users: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name && uid && /^\d+$/.test(uid)) users[uid] ??= name;
  }
  return users;
}

/** The ids of these users; numbers are their own. */
export function idsAmong(passwd: Readonly<Record<string, string>>, users: readonly string[]): readonly number[] {
  const ids = Object.entries(passwd).flatMap(([uid, name]) => (users.includes(name) ? [Number(uid)] : []));
  return [...ids, ...users.filter((user) => /^\d+$/.test(user)).map(Number)];
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

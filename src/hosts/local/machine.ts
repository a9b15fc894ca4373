import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Machine, ServiceManager } from '../../model/host.ts';
import { bootTime, readOr } from '../linux/boot-time.ts';
import { parsePasswd } from '../linux/passwd.ts';

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

/**
 * What runs, not what is installed: sd_booted(3) looks at /run/systemd/system, openrc(8) keeps /run/openrc/softlevel.
 */
export function runningManager(): Exclude<ServiceManager, 'script'> {
  if (existsSync('/run/systemd/system')) return 'systemd';
  return existsSync('/run/openrc/softlevel') ? 'openrc' : 'sysv';
}

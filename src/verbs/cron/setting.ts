import type { FileContent, Host } from '../../model/host.ts';
import { latin1Of } from '../../model/text/bytes.ts';
import { type CronSetting, runsWithLsbNames, usersAreLocal, usersIn } from './places.ts';

const FILES = [
  '/etc/debian_version',
  '/etc/nsswitch.conf',
  '/etc/passwd',
  '/etc/default/cron',
  '/etc/cron.allow',
  '/etc/cron.deny',
];

/** Asked of a host in one question: how its cron reads, and whom crontab(1) refuses to serve. */
export async function cronSetting(
  host: Host,
): Promise<CronSetting & { readonly mayUseCrontab: (user: string) => boolean }> {
  const [debian, nsswitch, passwd, defaults, allow, deny] = await host.files.read(FILES);
  const known = Object.entries(await host.machine.users()).map(([uid, name]) => [name, Number(uid)] as const);
  return {
    flavour: debian?.ok ? 'debian' : 'cronie',
    uids: passwd?.ok ? usersIn(latin1Of(passwd.bytes)) : new Map(known),
    local: nsswitch?.ok ? usersAreLocal(latin1Of(nsswitch.bytes)) : nsswitch?.code === 'ENOENT',
    lsb: defaults?.ok === true && runsWithLsbNames(latin1Of(defaults.bytes)),
    // cronie asks about root, who runs it; Debian's asks about the user, also when root runs it.
    mayUseCrontab: (user) => user === 'root' || !debian?.ok || served(user, allow, deny),
  };
}

function served(user: string, allow: FileContent | undefined, deny: FileContent | undefined): boolean {
  if (allow?.ok) return linesOf(allow).includes(user);
  if (allow?.code !== 'ENOENT') return false;
  return !deny?.ok || !linesOf(deny).includes(user);
}

/** crontab drops the last byte of each line, also of one that has no newline. */
function linesOf(content: FileContent & { readonly ok: true }): readonly string[] {
  const text = latin1Of(content.bytes);
  const lines = text.split('\n');
  return text.endsWith('\n') ? lines : [...lines.slice(0, -1), lines.at(-1)?.slice(0, -1) ?? ''];
}

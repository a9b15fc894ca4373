import type { Held } from '../../../model/host.ts';
import type { Remote } from '../remote.ts';
import { pathWord } from './said.ts';
import { PRELUDE } from './shell.ts';

/** Where find(1) has no -lname (busybox) it is not told. */
const DEADLINE = 20_000;
const MOST_LINKS = 200;
const GONE = ' (deleted)';

const linksScript = (word: string): string => `${PRELUDE}
enter ${word} >/dev/null || exit 3
case $PWD in *[][*?\\\\]*) exit 3 ;; esac
id -u; printf '\\0%s\\0' "$PWD"
find /proc/[0-9]*/fd -maxdepth 1 -lname "$PWD/*" -printf '%p\\0%l\\0' 2>/dev/null | head -c 65536`;

interface Link {
  readonly path: string;
  readonly pid: number;
}

/**
 * Who holds files of a directory open over there; null: it cannot be told. Links are compared as texts, so that nothing
 * on another mount is looked at.
 */
export async function farHolders(remote: Remote, path: string, deleted: boolean): Promise<Held | null> {
  const word = pathWord(path);
  if (!word.ok) return null;
  const answer = await remote.ask(linksScript(word.word), { effect: 'read', timeout: DEADLINE });
  if (!answer.ok || answer.status !== 0) return null;
  const [uid = '', real = '', ...records] = answer.stdout.toString('latin1').split('\0');
  const links = linksIn(records, { real, deleted });
  if (links.length === 0) return null;
  return await heldBy(remote, links.slice(0, MOST_LINKS), uid.trim() === '0' && links.length <= MOST_LINKS);
}

function linksIn(
  records: readonly string[],
  { real, deleted }: { readonly real: string; readonly deleted: boolean },
): readonly Link[] {
  const links: Link[] = [];
  for (let at = 0; at + 1 < records.length; at += 2) {
    const [path = '', target = ''] = [records[at], records[at + 1]];
    const pid = /^\/proc\/(\d+)\/fd\/\d+$/.exec(path)?.[1];
    const inside = target.startsWith(`${real}/`) && !target.slice(real.length + 1).includes('/');
    if (pid !== undefined && inside && (!deleted || target.endsWith(GONE))) links.push({ path, pid: Number(pid) });
  }
  return links;
}

const factsScript = (
  links: readonly Link[],
): string => `stat -L -c '%d:%i %s %n' ${links.map(({ path }) => path).join(' ')} 2>/dev/null
for pid in ${[...new Set(links.map(({ pid }) => pid))].join(' ')}; do read -r name <"/proc/$pid/comm" && printf '= %s %s\\n' "$pid" "$name"; done 2>/dev/null
exit 0`;

async function heldBy(remote: Remote, links: readonly Link[], whole: boolean): Promise<Held | null> {
  const answer = await remote.ask(factsScript(links), { effect: 'read', timeout: DEADLINE });
  if (!answer.ok) return null;
  const sizes = new Map<string, number>();
  const names = new Map<number, string>();
  const files = new Map<number, Set<string>>();
  for (const line of answer.stdout.toString('latin1').split('\n')) {
    const [, key, size, holder] = /^(\d+:\d+) (\d+) \/proc\/(\d+)\/fd\/\d+$/.exec(line) ?? [];
    const [, pid, name] = /^= (\d+) (.*)$/.exec(line) ?? [];
    if (pid !== undefined) names.set(Number(pid), name ?? '?');
    if (key === undefined) continue;
    sizes.set(key, Number(size));
    files.set(Number(holder), (files.get(Number(holder)) ?? new Set()).add(key));
  }
  const by = [...files].map(([pid, held]) => ({ pid, name: names.get(pid) ?? '?', files: held.size }));
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { files: sizes.size, bytes, by: by.toSorted((a, b) => b.files - a.files).slice(0, 20), whole };
}

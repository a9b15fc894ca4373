import type { FileSystemUsage, Result } from '../../../model/host.ts';
import { mountOf, parseMounts } from '../../linux/mounts.ts';
import type { Remote } from '../remote.ts';
import { recordsIn } from './records.ts';
import { broken, farRefusal, pathWord, refusal } from './said.ts';
import { PRELUDE } from './shell.ts';

/** A local disk answers at once, or not at all. */
const DEADLINE = 10_000;

const scriptOf = (word: string): string => `${PRELUDE}
walk ${word} follow || exit 3
[ -n "$real" ] || real=/
there=$real
if [ -d "$real" ]; then enter "$real" || exit 3; there=.; fi
stat=$(stat -f -c '%b %a %S %c %d' "$there" 2>&1) || { refuse said "$stat"; exit 3; }
printf '%s\\0' "$stat" "$real" "$(cat /proc/self/mountinfo)"`;

/**
 * statfs(2) through stat(1), with the fundamental block size, in which the blocks are counted, and what an ordinary
 * user may take as free.
 */
export async function usageFar(remote: Remote, path: string): Promise<Result<FileSystemUsage>> {
  const word = pathWord(path);
  if (!word.ok) return word;
  const answer = await remote.ask(scriptOf(word.word), { effect: 'read', timeout: DEADLINE });
  if (!answer.ok) return answer;
  const refused = farRefusal(recordsIn(answer.stdout), path);
  if (refused) return refused;
  const [stat, real, mounts] = answer.stdout.toString('utf8').split('\0');
  if (stat === undefined || real === undefined || mounts === undefined) return broken(path, answer);
  return usageOf(path, stat, mountOf(real, parseMounts(mounts)));
}

function usageOf(path: string, stat: string, mount: ReturnType<typeof mountOf>): Result<FileSystemUsage> {
  const [, blocks, available, size, inodes, free] = /^(\d+) (\d+) (\d+) (\d+) (\d+)$/.exec(stat) ?? [];
  if (free === undefined) return refusal(path, 'garbled');
  return {
    ok: true,
    path,
    mount: mount?.at ?? '/',
    source: mount?.source ?? 'unknown',
    type: mount?.type ?? 'unknown',
    space: { total: Number(blocks) * Number(size), free: Number(available) * Number(size) },
    inodes: { total: Number(inodes), free: Number(free) },
  };
}

import { randomBytes } from 'node:crypto';
import type { Result } from '../../../model/host.ts';
import type { Remote } from '../remote.ts';
import { broken, farRefusal, pathWord, refusal } from './said.ts';
import { PRELUDE } from './shell.ts';

const DEADLINE = 30_000;

/**
 * As hosts/local/writable.ts. `<>` neither empties a file nor, through the descriptor of one that is open, makes one;
 * nothing is written. What fails is tried once more in a process of its own, to hear why.
 */
const scriptOf = (words: readonly string[], mark: string): string => `${PRELUDE}
self=/proc/self/fd/3
whether() {
  walk "$1" keep || return
  if [ -d "$real" ] && [ ! -L "$real" ]; then
    [ -w "$real" ] || { said=$( (exec 4>"$real/.") 2>&1 ); case $said in *'irectory') refuse EPERM ;; *) refuse said "$said" ;; esac; return; }
    printf 'yes\\0'; return
  fi
  regular "$1" || return
  { command exec 3<"$real"; } 2>/dev/null || { refuse EACCES; return; }
  if ! opened 3; then refuse $odd
  elif { command exec 4<>$self; } 2>/dev/null; then exec 4<&-; printf 'yes\\0'
  else said=$( (exec 4<>$self) 2>&1 ); refuse said "$said"; fi
  exec 3<&-
}
for each in ${words.join(' ')}; do whether "$each"; printf '%s\\0' ${mark}; done`;

/** One question for all of them. */
export async function writableFar(remote: Remote, paths: readonly string[]): Promise<readonly Result<object>[]> {
  const words = paths.map(pathWord);
  const known = words.flatMap((each) => (each.ok ? [each.word] : []));
  if (known.length === 0) return words.map((each) => (each.ok ? refusal('', 'garbled') : each));
  const mark = randomBytes(16).toString('hex');
  const answer = await remote.ask(scriptOf(known, mark), { effect: 'read', timeout: DEADLINE });
  if (!answer.ok) return paths.map(() => answer);
  const parts = answer.stdout.toString('latin1').split(`${mark}\0`);
  let at = -1;
  return words.map((each, index) => {
    if (!each.ok) return each;
    at += 1;
    const records = (parts[at] ?? '').split('\0').slice(0, -1);
    if (records[0] === 'yes') return { ok: true };
    return farRefusal(records, paths[index] ?? '') ?? broken(paths[index] ?? '', answer);
  });
}

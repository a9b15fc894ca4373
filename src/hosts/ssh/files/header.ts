import { posix } from 'node:path';
import { VITAL_FOLDERS } from '../../../model/policy/danger.ts';
import { quoteWord } from '../../../model/text/quote.ts';
import { type Identity, vitalAt } from '../../files/vital.ts';
import { utf8 } from './said.ts';

/** Mounts that only containers have; there are thousands. */
const CLUTTER = '^/(var/lib/(docker|containerd|containers|kubelet)|run/(docker|netns|containerd))/';

/**
 * In the folder that was entered, what tells which one it is: device and inode of it, of each folder above it and of
 * the vital ones, and where file systems are mounted. `d DEVICE INODE SECONDS`, a line for each of the others, `0 UP
 * system` where another system has its root so many folders up, an empty line, mounts, an empty line, and the real
 * path, which may hold anything.
 */
export const HEAD = `system() { [ ! -L "$1/usr" ] && [ -d "$1/usr" ] && [ ! -L "$1/etc" ] && [ -d "$1/etc" ] && { [ -f "$1/etc/passwd" ] || [ -L "$1/etc/passwd" ]; }; }
ids() {
  up=. rest=$real above=0 systems=; set -- .
  while case $rest in */?*) true ;; *) false ;; esac; do
    if ! hangs "$rest/usr" && ! hangs "$rest/etc" && system "$up"; then systems="${'$'}{systems}0 $above system$nl"; fi
    rest=\${rest%/*}; up=$up/..; above=$((above + 1)); set -- "$@" "$up"
  done
  for vital in ${VITAL_FOLDERS.map(({ at }) => quoteWord(at)).join(' ')}; do hangs "$vital" || set -- "$@" "$vital"; done
  stat -c '%d %i %n' "$@" 2>/dev/null
  printf %s "$systems"
}
known=$(ids); own=\${known%%"$nl"*}
printf 'd %s %s\\n%s\\n\\n%s\\n\\n%s\\0' "\${own% *}" "$(date +%s.%N)" "$known" "$(awk '$5 !~ "${CLUTTER}" { print "- -", $3, $4, $5, (/ - overlay / ? "- overlay - " $NF : "") }' /proc/self/mountinfo)" "$real"`;

export interface Header {
  readonly device: number;
  readonly inode: number;
  /** The host's clock, epoch milliseconds. */
  readonly now: number;
  /** Whether the clock tells more than seconds. */
  readonly exact: boolean;
  readonly real: string;
  readonly vital: string | null;
}

/** busybox's date leaves `%N` as it is. */
const FIRST = /^d (\d+) (\d+) (\d+)\.(?:(\d{3})\d*|%?N)$/;
const KNOWN = /^(\d+) (\d+) (.+)$/;

/** Null: it cannot be read. */
export function headerOf(record: string): Header | null {
  const [first = '', ...lines] = record.split('\n');
  const [, device, inode, seconds, thousandths] = FIRST.exec(first) ?? [];
  if (seconds === undefined) return null;
  const clock = { now: Number(seconds) * 1000 + Number(thousandths ?? 0), exact: thousandths !== undefined };
  const own = { device: Number(device), inode: Number(inode) };
  const end = lines.indexOf('');
  const last = lines.indexOf('', end + 1);
  if (end === -1 || last === -1) return null;
  const real = utf8(lines.slice(last + 1).join('\n'));
  const seen = lines.slice(0, end).flatMap((line) => knownIn(line));
  const above = seen.filter(({ path }) => path.startsWith('.')).reverse();
  const depth = real === '/' ? 0 : real.split('/').length - 1;
  if (!posix.isAbsolute(real) || above.length !== depth + 1) return null;
  const vital = vitalAt({
    real,
    chain: above,
    known: seen.filter(({ path }) => path.startsWith('/')),
    systems: seen.filter(({ path }) => path === 'system').map(({ inode }) => inode),
    mounts: lines.slice(end + 1, last),
  });
  return { ...own, ...clock, real, vital };
}

function knownIn(line: string): readonly (Identity & { readonly path: string })[] {
  const [, device, inode, path] = KNOWN.exec(line) ?? [];
  return path === undefined ? [] : [{ device: Number(device), inode: Number(inode), path }];
}

import { quoteWord } from '../../model/text/quote.ts';
import type { DaemonAbout } from './daemon-about.ts';

/**
 * The shell function `lives` of a watchdog: 0: the daemon runs, 1: it does not, 2: only another user's process runs its
 * program. It uses builtins only, because there may be no free process slot. Empty: only the init script can tell.
 */
export function livesWords(about: DaemonAbout, owners: ReadonlySet<number>): string {
  if (!about.certain || about.programs.length === 0) return '';
  const is = about.programs.map((program) => `[ "/proc/$1/exe" -ef ${quoteWord(program)} ]`).join(' || ');
  const others = about.rootsOwn ? '' : ' || [ "${u:-1000}" -lt 1000 ]';
  return `owned() {
  u= s= inner=
  while read -r k v rest; do case $k in State:) s=$v ;; Uid:) u=$v ;; NSpid:) inner=$rest ;; esac; done <"/proc/$1/status"
  case $s$inner in [A-WYa-wyz]) ;; *) return 1 ;; esac
  case ' ${[...owners].join(' ')} ' in *" $u "*) ;; *) [ -n "$u" ] && { false${others}; } ;; esac
} 2>/dev/null
leads() {
  line=; all=
  while IFS= read -r line || [ -n "$line" ]; do all="$all$line "; done <"/proc/$1/stat"
  p=$1; set -- \${all##*) }; [ "$4" = "$p" ] || [ "$2" != 1 ]
} 2>/dev/null
its() { ${is}; }
lives() {
  seen=1
  for file in ${about.pidFiles.map(quoteWord).join(' ')}; do
    { [ -f "$file" ] && [ ! -L "$file" ]; } || continue
    n=; read -r n rest <"$file" 2>/dev/null; case $n in '' | *[!0-9]* | ???????????*) continue ;; esac
    if its "$n"; then if owned "$n"; then return 0; else seen=2; fi; fi
  done
  for each in /proc/[0-9]*; do
    its "\${each#/proc/}" || continue
    if ! owned "\${each#/proc/}"; then seen=2; elif leads "\${each#/proc/}"; then return 0; fi
  done
  return $seen
}`;
}

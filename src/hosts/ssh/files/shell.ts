import { MAY_HANG } from '../../local/mounts.ts';

/** Of `stat -c`, by GNU and busybox alike: precision 3 gives milliseconds where there are any (GNU), and changes nothing elsewhere. */
const MILLISECONDS = '.3';
export const MODIFIED = `%${MILLISECONDS}Y`;
export const CHANGED = `%${MILLISECONDS}Z`;

/** Of mountinfo, only where something may hang at all: `1 /mnt nfs4 server:/export` for each mount, 0 for those that do not hang. */
const MOUNTS = `{
  for (i = 7; i <= NF && $i != "-"; i++);
  hangs = $(i + 1) ~ /${MAY_HANG.source}/
  if ($5 == "/") next
  if (hangs) any = 1
  mount[$5] = hangs " " $5 " " $(i + 1) " " $(i + 2)
}
END { if (any) for (at in mount) print mount[at] }`;

/**
 * The shell's side of `safePath` (hosts/local/mounts.ts): the real path, found one component after the other, with the mount looked up before a component is
 * touched. Every refusal is `! WHY`, then what belongs to it, each ended by a NUL. `walk PATH keep|follow` sets `real` (empty for /); `enter PATH` ends in
 * the directory itself, and refuses a link by asking the kernel where it has come to: what is swapped in meanwhile is seen.
 */
export const PRELUDE = String.raw`
nl='
'
refuse() { printf '! %s\0' "$1"; shift; [ $# -eq 0 ] || printf '%s\0' "$@"; }
mounts=$(awk '${MOUNTS}' /proc/self/mountinfo 2>&1) || { refuse said "$mounts"; exit 3; }
hangs() {
  [ -n "$mounts" ] || return 1
  path=$1 mount= longest=
  set -f; IFS=$nl; set -- $mounts; unset IFS; set +f
  for line; do
    at=${'$'}{line#* }; at=${'$'}{at%% *}
    case $at in *\\*) at=$(printf '%s\n' "$at" | sed 's/\\/\\0/g'); at=$(printf '%b.' "$at"); at=${'$'}{at%.} ;; esac
    case $path/ in "$at"/*) [ ${'$'}{#at} -lt ${'$'}{#longest} ] || { longest=$at; mount=$line; } ;; esac
  done
  case $mount in 1*) return 0 ;; esac
  return 1
}
walk() {
  todo=$1 real= links=0
  while :; do
    while :; do case $todo in /*) todo=${'$'}{todo#/} ;; *) break ;; esac; done
    [ -n "$todo" ] || return 0
    case $todo in */*) name=${'$'}{todo%%/*}; todo=${'$'}{todo#*/} ;; *) name=$todo; todo= ;; esac
    case $todo in *[!/]*) ;; *) todo= ;; esac
    case $name in .) continue ;; ..) real=${'$'}{real%/*}; continue ;; esac
    next=$real/$name
    if hangs "$next"; then refuse may-hang "$next" "$mount"; return 1; fi
    if { [ -z "$todo" ] && [ "$2" = keep ]; } || [ ! -L "$next" ]; then real=$next; continue; fi
    links=$((links + 1))
    [ $links -le 40 ] || { refuse ELOOP; return 1; }
    case $next in
      /proc/self) target=$$ ;;
      /proc/thread-self) target=$$/task/$$ ;;
      *) target=$(readlink "$next" && echo .) || { refuse EACCES; return 1; }; target=${'$'}{target%"$nl."} ;;
    esac
    case $target in /*) real= ;; esac
    todo=$target/$todo
  done
}
enter() {
  tries=${'$'}{2:-5}
  walk "$1" keep || return 1
  [ -n "$real" ] || real=/
  if [ -L "$real" ]; then refuse link; return 1; fi
  if cd -P "$real" 2>/dev/null; then
    [ "$PWD" = "$real" ] && return 0
    refuse link; return 1
  fi
  said=$(stat -c %f "$real" 2>&1) || { refuse said "$said"; return 1; }
  case $said in 4???) ;; *) refuse link; return 1 ;; esac
  # It was away for a moment, perhaps again while it is looked at: so what may not be entered is told only in the end.
  if [ $tries -gt 0 ]; then enter "$1" $((tries - 1)); return; fi
  if [ -x "$real" ]; then refuse link; else refuse EACCES; fi
  return 1
}
regular() {
  walk "$1" keep || return 1
  if [ -L "$real" ]; then
    owner=$(stat -c %u "$real" 2>&1) || { refuse said "$owner"; return 1; }
    [ "$owner" = 0 ] || [ "$owner" = "$(id -u)" ] || { refuse foreign-link; return 1; }
    walk "$1" follow || return 1
  fi
  [ -n "$real" ] || real=/
  if [ ! -f "$real" ]; then
    if said=$(stat -c %f "$real" 2>&1); then refuse not-regular; else refuse said "$said"; fi
    return 1
  fi
  [ -r "$real" ] || { refuse EACCES; return 1; }
}
`;

import { MAY_HANG } from '../../linux/mounts.ts';

/**
 * Of `stat -c`, by GNU and busybox alike: precision 3 gives milliseconds where there are any (GNU), and changes nothing
 * elsewhere.
 */
const MILLISECONDS = '.3';
export const MODIFIED = `%${MILLISECONDS}Y`;
export const CHANGED = `%${MILLISECONDS}Z`;

/**
 * Of mountinfo, only where something may hang at all: `1 /mnt nfs4 server:/export` for each mount, 0 for those that do
 * not hang.
 */
const MOUNTS = `{
  for (i = 7; i <= NF && $i != "-"; i++);
  hangs = $(i + 1) ~ /${MAY_HANG.source}/
  if ($5 == "/") next
  if (hangs) any = 1
  mount[$5] = hangs " " $5 " " $(i + 1) " " $(i + 2)
}
END { if (any) for (at in mount) print mount[at] }`;

/**
 * The shell's side of `pin` (hosts/local/pin.ts): the real path, found one component after the other, with the mount
 * looked up before a component is touched, and no link followed but what root or we made where nobody else can put one
 * (hosts/files/strangers.ts). Every refusal is `! WHY`, then what belongs to it, each ended by a NUL. `walk PATH
 * keep|follow` sets `real` (empty for /). A shell has no descriptor of a folder but its working directory, so `enter
 * PATH` goes into it and asks the kernel where it has come to (bash believes its own $PWD): what is swapped in
 * meanwhile is seen.
 */
export const PRELUDE = String.raw`
ours= shut= nl='
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
who() {
  [ -z "$ours" ] || return 0
  ours=" 0 $(id -u) " mapped=1 over=
  { read -r over </proc/sys/kernel/overflowuid && mapped= && while read -r here outside count; do
    [ "$over" -lt "$here" ] || [ "$over" -ge $((here + count)) ] || mapped=1
  done </proc/self/uid_map; } 2>/dev/null
  [ -n "$mapped" ] || ours="$ours$over "
}
closed() {
  case $nl$shut in *"$nl$1$nl"*) return 0 ;; esac
  who; folder=$1 rest=$1 up=; set -- /
  while [ -n "$rest" ]; do rest=${'$'}{rest#/}; up=$up/${'$'}{rest%%/*}; case $rest in */*) rest=/${'$'}{rest#*/} ;; *) rest= ;; esac; set -- "$@" "$up"; done
  facts=$(stat -c '%u %a' "$@" 2>/dev/null) || return 1
  set -- $facts; shared=1
  while [ $# -gt 1 ]; do
    case $ours in *" $1 "*) ;; *) return 1 ;; esac
    shared=$((0$2 & 18)); [ $shared -eq 0 ] || [ $((0$2 & 512)) -ne 0 ] || return 1
    shift 2
  done
  [ $shared -eq 0 ] || return 1
  case $folder in *"$nl"*) ;; *) shut=$shut$folder$nl ;; esac
}
owned() { who; case $ours in *" $owner "*) closed "$real" ;; *) return 1 ;; esac; }
stop() { why=$1 about=$2 detail=$3; return 1; }
wary() { [ -n "$wary" ] || { wary=$1 link=$2 by=$owner; }; }
walking() {
  while :; do
    while :; do case $todo in /*) todo=${'$'}{todo#/} ;; *) break ;; esac; done
    [ -n "$todo" ] || return 0
    case $todo in */*) name=${'$'}{todo%%/*}; todo=${'$'}{todo#*/} ;; *) name=$todo; todo= ;; esac
    case $todo in *[!/]*) ;; *) todo= ;; esac
    case $name in .) continue ;; ..) real=${'$'}{real%/*}; continue ;; esac
    next=$real/$name
    if hangs "$next"; then stop may-hang "$next" "$mount"; return 1; fi
    if { [ -z "$todo" ] && [ "$1" = keep ]; } || [ ! -L "$next" ]; then real=$next; continue; fi
    links=$((links + 1))
    [ $links -le 40 ] || { stop ELOOP; return 1; }
    case $next in
      /proc/self) target=$$ ;;
      /proc/thread-self) target=$$/task/$$ ;;
      *)
        owner=
        case $next in */proc/[0-9]*/*) wary kernel-link "$next" ;; *)
          # It may be gone by now, or no link any more.
          owner=$(stat -c %u "$next" 2>/dev/null) || { todo=$name/$todo; continue; }
          owned || wary foreign-link "$next" ;; esac
        if target=$(readlink "$next" && echo .); then :
        elif [ -n "$wary" ]; then stop EACCES; return 1
        else todo=$name/$todo; continue; fi
        target=${'$'}{target%"$nl."} ;;
    esac
    case $target in /*) real= ;; esac
    todo=$target/$todo
  done
}
walk() {
  todo=$1 real= links=0 wary= why=
  walking "$2"
  if [ -n "$wary" ]; then refuse "$wary" "$link" "$by" "$real/$todo"
  elif [ "$why" = may-hang ]; then refuse may-hang "$about" "$detail"
  elif [ -n "$why" ]; then refuse "$why"
  else return 0; fi
  return 1
}
come() { came=$(readlink /proc/self/cwd && echo .) && [ "$came" = "$1$nl." ]; }
enter() {
  tries=${'$'}{2:-5}
  walk "$1" keep || return 1
  [ -n "$real" ] || real=/
  if [ -L "$real" ]; then walk "$1" follow && refuse link "${'$'}{real:-/}"; return 1; fi
  if cd -P "$real" 2>/dev/null; then
    come "$real" && return 0
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
  walk "$1" follow || return 1
  [ -n "$real" ] || real=/
  if [ ! -f "$real" ]; then
    if said=$(stat -c %f "$real" 2>&1); then refuse not-regular; else refuse said "$said"; fi
    return 1
  fi
  [ -r "$real" ] || { refuse EACCES; return 1; }
}
# What descriptor $1 holds is what lies at $real, and no link led there. Sets odd to why not.
opened() {
  odd=not-regular
  [ ! -L "$real" ] && [ "/proc/self/fd/$1" -ef "$real" ] && [ -f "/proc/self/fd/$1" ] || return 1
  if closed "${'$'}{real%/*}"; then return 0; fi
  came=$(readlink "/proc/self/fd/$1" && echo .) && [ "$came" = "$real$nl." ] || return 1
  set -- $(stat -L -c '%h %u' "/proc/self/fd/$1") $(stat -c '%u %a' "${'$'}{real%/*}/.")
  [ $# -eq 4 ] || return 1
  [ "$1" -lt 2 ] || { odd=hard-link; [ $((0$4 & 18)) -eq 0 ] && [ "$2" = "$3" ]; }
}
`;

/**
 * `like_init`: gives a shell, and so what it starts, what init gives: a daemon must not go on with the limits, the nice
 * value, the oom score or the cgroup of whoever happened to start it. Builtins, and a tool only for what differs: where
 * nothing does, no process is started. Where PID 1 itself has more than 1024 open files (systemd, a container's
 * runtime), daemons get the kernel's default all the same: some close all that they may have. What may not be set
 * stays: an ordinary user's own daemon, a container without the right.
 */
export const LIKE_INIT_WORDS = `limit_in() {
  set -- $1
  case "$2 $3" in
    'core file') name=core; shift 4 ;;
    'cpu time') name=cpu; shift 3 ;;
    'file size') name=fsize; shift 3 ;;
    'data size') name=data; shift 3 ;;
    'stack size') name=stack; shift 3 ;;
    'resident set') name=rss; shift 3 ;;
    'open files') name=nofile; shift 3 ;;
    'locked memory') name=memlock; shift 3 ;;
    'address space') name=as; shift 3 ;;
    'file locks') name=locks; shift 3 ;;
    'pending signals') name=sigpending; shift 3 ;;
    'msgqueue size') name=msgqueue; shift 3 ;;
    'nice priority') name=nice; shift 3 ;;
    'realtime priority') name=rtprio; shift 3 ;;
    'realtime timeout') name=rttime; shift 3 ;;
    'processes '*) name=nproc; shift 2 ;;
    *) return 1 ;;
  esac
  soft=$1 hard=$2
}
# Without prlimit(1), as busybox's hosts are: what every shell can say in the same unit.
ulimit_to() {
  case $1 in core) o=c ;; cpu) o=t ;; fsize) o=f ;; data) o=d ;; stack) o=s ;; as) o=v ;; memlock) o=l ;; nproc) o=u ;; *) return 0 ;; esac
  case $1:$2:$3 in cpu:* | nproc:* | *:unlimited:unlimited | *:0:unlimited | *:0:0) ;; *) return 0 ;; esac
  ulimit -S -$o "$2"; ulimit -H -$o "$3"; ulimit -S -$o "$2"
} 2>/dev/null
limits_of_init() {
  ulimit -S -n 1024
  wanted=
  while IFS= read -r init <&3 && IFS= read -r mine <&4; do
    limit_in "$mine" || continue
    had=$soft:$hard
    limit_in "$init"
    case $name:$soft in nofile:unlimited | nofile:?????* | nofile:[2-9]???) soft=1024 ;; esac
    [ "$soft:$hard" = "$had" ] || wanted="$wanted --$name=$soft:$hard"
  done 3</proc/1/limits 4</proc/self/limits
  [ -n "$wanted" ] || return 0
  prlimit --pid $$ $wanted && return
  for each in $wanted; do
    each=\${each#--} hard=\${each##*:} name=\${each%%=*} soft=\${each#*=}
    prlimit --pid $$ "--$each" || ulimit_to "$name" "\${soft%:*}" "$hard"
  done
} 2>/dev/null
# Field 19 of stat is the nice value, 41 the scheduling policy.
schedule_of_init() {
  line= all=
  while IFS= read -r line || [ -n "$line" ]; do all="$all$line "; done <"/proc/$1/stat"
  set -- \${all##*) }
  [ $# -ge 39 ] || return 0
  [ "\${17}" = 0 ] || renice 0 -p $$
  [ "\${39}" = 0 ] || chrt -o -p 0 $$
  [ "\${17}:\${39}" = 0:0 ] || ionice -c 0 -p $$
} >/dev/null 2>&1
like_init() {
  cd / && umask 022
  limits_of_init
  schedule_of_init self
  { read -r score </proc/1/oom_score_adj && echo "\${score:-0}" >/proc/self/oom_score_adj; } 2>/dev/null
  { [ ! -e /proc/self/loginuid ] || echo 4294967295 >/proc/self/loginuid; } 2>/dev/null
  groups_of_init
}
# Whose cgroup it would be ended, frozen or throttled with. Where systemd runs these are systemd's own.
groups_of_init() {
  [ ! -d /run/systemd/system ] || return 0
  while IFS=: read -r number kinds path; do
    case $path in *..*) continue ;; esac
    for tree in "/sys/fs/cgroup/$kinds" "/sys/fs/cgroup/\${kinds#name=}" /sys/fs/cgroup/unified /sys/fs/cgroup; do
      case $number:$kinds:$tree in 0::/sys/fs/cgroup/) continue ;; esac
      [ -w "$tree$path/cgroup.procs" ] || continue
      echo 0 >"$tree$path/cgroup.procs"
      break
    done
  done </proc/1/cgroup
} 2>/dev/null`;

/** A daemon must not inherit our open files, such as a lock or a log. */
export const CLOSE_WORDS = 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-';

#!/bin/sh
# drill.sh KIND PACKAGE PROGRAM [ARG...]: builds the incident, runs PROGRAM's `run` on it, ends with its exit code.
#   KIND namespaces: we are PID 1 of a PID namespace and may mount; the kernel ends everything with us.
#   KIND plain:      our starter holds the other end of descriptor 3; at its end of file the janitor cleans up.
# What differs from the runbook's defaults is said with --param, and nothing else is.
set -u
kind=$1 here=$2
shift 2
# Whatever this machine's habits are: what is built here is ours alone, and runs.
umask 022
PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
say() { printf 'drill: %s\n' "$*" >&2; }
fail() {
  say "cannot be built: $*"
  exit 69
}
for tool in id cp mkdir mktemp readlink setsid mkfifo chmod sleep rm ls grep; do
  command -v $tool >/dev/null || fail "it needs $tool, which is not installed"
done
# A uid without a name is a user too.
drill_user=$(id -un 2>/dev/null) || drill_user=$(id -u) || fail 'who are you?'
# A test may make it shorter.
minute=${DRILL_MINUTE:-2}

# The scene's path goes into shell scripts and a crontab: it has no character that means something there.
plainly_named() { case $1 in /*) ;; *) return 1 ;; esac; case $1 in *[!A-Za-z0-9/._+-]*) return 1 ;; esac; }
shell=$(readlink -f /bin/sh)
refusals=''
# Makes a folder for the scene below $2, in which programs run. Else adds to `refusals` why it is none.
place_in() { # NAME FOLDER
  [ -n "$2" ] || return 1
  if ! [ -d "$2" ]; then why='is no folder'
  # Without a link in it: Firebreak judges where a path leads.
  elif ! base=$(cd "$2" 2>/dev/null && pwd -P); then why='cannot be entered'
  elif ! plainly_named "$base"; then why='has a name that a crontab cannot hold'
  elif ! scene=$(umask 077 && mktemp -d "${base%/}/firebreak-drill.XXXXXX" 2>/dev/null); then why='takes no folder'
  elif ! cp "$shell" "$scene/trial" 2>/dev/null; then why='has no room'
  elif ! "$scene/trial" -c : 2>/dev/null; then why='runs no program (is it mounted noexec?)'
  else
    rm "$scene/trial"
    return 0
  fi
  [ -z "${scene:-}" ] || rm -rf "$scene"
  refusals="$refusals${refusals:+; }$1 $why" scene=''
  return 1
}

case $kind in
  namespaces)
    # Over an empty folder with a short name, for the eye's sake: a mount over it hides nothing.
    for scene in /mnt /media /srv ''; do
      [ -d "$scene" ] && [ -z "$(ls -A "$scene" 2>&1)" ] && break
    done
    scene=${scene:-$here/scene}
    plainly_named "$scene" || fail 'no place for its scene: /mnt, /media and /srv are not empty, and the name of its own folder has characters that a crontab cannot hold; FIREBREAK_DRILL=plain takes a temporary folder'
    mount -t tmpfs -o size=16m,mode=0700 drill "$scene" || fail 'no tmpfs'
    mkdir "$scene/var"
    mount -t tmpfs -o size=16m,nr_inodes=1700,mode=0755 drill-var "$scene/var" || fail 'no tmpfs for the spool'
    # The capabilities were for the mounts: from here on an ordinary user is one.
    [ "$(id -u)" = 0 ] || exec setpriv --inh-caps=-all --ambient-caps=-all /bin/sh "$0" "mounted=$scene" "$here" "$@"
    exec /bin/sh "$0" "mounted=$scene" "$here" "$@"
    ;;
  mounted=*)
    scene=${kind#mounted=} room='' marker='' prefix=''
    ;;
  plain)
    [ -r /proc/$$/stat ] || fail 'it needs /proc, which is not mounted here'
    scene=''
    place_in TMPDIR "${TMPDIR:-}" || place_in /tmp /tmp || place_in /var/tmp /var/tmp || place_in /dev/shm /dev/shm || place_in HOME "${HOME:-}" ||
      fail "no temporary folder will do: $refusals. Set TMPDIR to a folder in which programs may run"
    setsid /bin/sh "$here/janitor.sh" "$scene" <&3 >/dev/null 2>&1 3<&- &
    export DRILL_SCENE="$scene"
    room=1700 marker="DRILL_SCENE='$scene' "
    # Nobody else has these names: no real service, and no other drill beside this one. At most 15 bytes each (comm of proc(5)).
    prefix=f${scene##*.}
    prefix=${prefix%??}-
    mkdir "$scene/var"
    ;;
  *) fail "no kind $kind" ;;
esac
exec 3<&-
# Marks the run as a rehearsal, with a lock of its own, that acts on nothing outside of this folder.
export FIREBREAK_SCENE="$scene"
# The keyboard's signals are for the run: what a shell traps, the programs it starts get afresh.
trap : INT TERM HUP

# Copies of the shell: so a process has the name in its comm *and* in its exe.
mkdir "$scene/bin" "$scene/lib" "$scene/run" "$scene/init" "$scene/var/maildrop" "$scene/var/crontabs" "$scene/var/etc"
chmod 700 "$scene/var/crontabs"
for name in ${prefix}cron ${prefix}sendmail ${prefix}postdrop ${prefix}clock; do
  cp "$shell" "$scene/bin/$name" && "$scene/bin/$name" -c : 2>/dev/null || fail "a copy of $shell does not run as $name"
done
for part in cron clock sendmail postdrop records; do cp "$here/$part.sh" "$scene/lib/"; done
cp "$here/crontab.sh" "$scene/bin/crontab" && chmod 755 "$scene/bin/crontab"
cat >"$scene/names" <<END
drill_user='$drill_user' minute=$minute room=$room
sendmail_name=${prefix}sendmail postdrop_name=${prefix}postdrop clock_name=${prefix}clock
END

init_script() { # NAME PROGRAM START
  cat >"$scene/init/$1" <<END
#!/bin/sh
### BEGIN INIT INFO
# Provides: $1
# Short-Description: a service of the drill
### END INIT INFO
DAEMON='$scene/bin/$2'
PIDFILE='$scene/run/${1#drill-}.pid'
# A zombie is gone: not every PID 1 buries at once.
alive() { read -r pid 2>/dev/null <"\$PIDFILE" && read -r _ _ state _ 2>/dev/null <"/proc/\$pid/stat" && [ "\$state" != Z ]; }
case \$1 in
  start)
    alive && exit 0
    cd '$scene' || exit 1
    $3
    for _ in 1 2 3 4 5 6 7 8 9 10; do alive && exit 0; sleep 0.1; done
    exit 1 ;;
  stop)
    alive || exit 0
    kill "\$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10; do alive || exit 0; sleep 0.1; done
    exit 1 ;;
  status) alive && exit 0; exit 3 ;;
  *) exit 2 ;;
esac
END
  chmod 755 "$scene/init/$1"
}
init_script drill-cron ${prefix}cron "${marker}setsid bin/${prefix}cron lib/cron.sh </dev/null >/dev/null 2>&1 &"
init_script drill-mail mail "echo 'the mail service does not start: that is for a person to find out' >&2; exit 1"

cat >"$scene/var/crontabs/$drill_user" <<END
# nginx log rotation
* * * * * echo "rotated at \$(date)"
# hypervisor agent check
* * * * * echo agent check 1: ok
* * * * * echo agent check 2: ok
# says that it ran, and prints it
* * * * * echo beat | tee -a $scene/run/heartbeat
# silent already
30 4 * * * echo nightly >/dev/null 2>&1
END
chmod 600 "$scene/var/crontabs/$drill_user"
cat >"$scene/var/etc/crontab" <<END
MAILTO=root
* * * * * $drill_user echo disk check: ok
END

# One undelivered mail, one small file each, until the inodes are used up (a folder has none of its own: until the spool counts as full).
. "$here/records.sh"
message() { # FROM SUBJECT BODY
  mail=
  envelope
  for line in "From: $1" 'To: root' "Subject: $2" '' "$3"; do record N "$line"; done
  record X '' && record E ''
}
number=0
put() {
  number=$((number + 1))
  printf "$mail" 2>/dev/null >"$scene/var/maildrop/$((100000 + number * 37 % 900000))A$number"
}
message 'root (Cron Daemon)' "Cron <$drill_user@drill> echo agent check 1: ok" 'agent check 1: ok'
while [ $number -lt 1700 ]; do
  put || break
  written=$number
done 2>/dev/null
[ -z "$room" ] || [ "${written:-0}" -ge "$room" ] || fail "$scene takes no more than ${written:-0} files of $room: it has no room. Set TMPDIR to a folder with 8 MiB and 2 000 inodes free"
chmod 700 "$scene"/var/maildrop/*

"$scene/init/drill-cron" start || fail 'its cron does not start'
hung() { # NAME
  count=0
  for comm in /proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$comm" && [ "$name" = "$1" ] && count=$((count + 1))
  done
  echo $count
}
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ "$(hung ${prefix}postdrop)" -ge 8 ] && break
  sleep 0.5
done
say "$(hung ${prefix}sendmail) sendmail and $(hung ${prefix}postdrop) postdrop hang, a minute of the drill's cron is $minute s"

set -- "$@" --param "spool=$scene/var/maildrop" --param watch=8s --param ticks=2 \
  --param "cron_services=$scene/init/drill-cron" --param "cron_daemons=${prefix}cron" --param "mail_service=$scene/init/drill-mail" \
  --param "mailer_names=${prefix}sendmail,${prefix}postdrop" --param "crontabs=$scene/var/crontabs" --param "system_crontabs=$scene/var/etc/crontab" \
  --param "crontab_command=$scene/bin/crontab"
[ -z "$room" ] || set -- "$@" --param inodes_free=100% --param inodes_after=0%
"$@"

#!/bin/sh
# drill.sh KIND PACKAGE PROGRAM [ARG...]: builds the incident, runs PROGRAM's `run` on it, ends with its exit code.
#   KIND namespaces: we are PID 1 of a PID namespace and may mount; the kernel ends everything with us.
#   KIND plain:      our starter holds the other end of descriptor 3; at its end of file the janitor cleans up.
# What differs from the runbook's defaults is said with --param, and nothing else is.
set -u
kind=$1 here=$2
shift 2
say() { echo "drill: $*" >&2; }
fail() {
  say "cannot be built: $*"
  exit 69
}
drill_user=$(id -un) || fail 'who are you?'
# A test may make it shorter.
minute=${DRILL_MINUTE:-2}
PATH=$PATH:/usr/sbin:/sbin

case $kind in
  namespaces)
    # Over an empty folder with a short name, for the eye's sake: a mount over it hides nothing.
    for scene in /mnt /media /srv ''; do
      [ -d "$scene" ] && [ -z "$(ls -A "$scene" 2>&1)" ] && break
    done
    scene=${scene:-$here/scene}
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
    scene=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/firebreak-drill.XXXXXX") || fail 'no temporary folder'
    # Without a link in it: Firebreak judges where a path leads.
    scene=$(cd "$scene" && pwd -P) || fail 'no temporary folder'
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
shell=$(readlink -f /bin/sh)
for name in ${prefix}cron ${prefix}sendmail ${prefix}postdrop ${prefix}clock; do
  cp "$shell" "$scene/bin/$name" && "$scene/bin/$name" -c : 2>/dev/null || fail "a copy of $shell does not run as $name"
done
for part in cron clock sendmail postdrop; do cp "$here/$part.sh" "$scene/lib/"; done
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
number=0
while [ $number -lt 1700 ]; do
  number=$((number + 1))
  printf 'To: root\nSubject: Cron <root@drill> echo agent check %s: ok\n\nagent check %s: ok\n' $number $number \
    2>/dev/null >"$scene/var/maildrop/$((100000 + number * 37 % 900000))A$number" || break
done 2>/dev/null

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

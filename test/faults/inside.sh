# In a drill's scene, in the place of `firebreak run`: inside.sh PACKAGE SCRIPT run cron-mail-storm ... --param spool=SCENE/var/maildrop ...
# Runs the shell text SCRIPT with these words at hand. What it prints is read by the test.
root=$1 script=$2
shift 4
fb=$root/bin/firebreak policy=${POLICY:-$root/test/faults/policy.yaml}
for word; do
  case $word in spool=*) scene=${word#spool=} scene=${scene%/var/maildrop} ;; esac
done
spool=$scene/var/maildrop cron=$scene/init/drill-cron table=$scene/var/crontabs/$(id -un)
set -- "$@" --param "watch=${WATCH:-1s}" --param "ticks=${TICKS:-1}"

# The world in one line: is cron running, how many mailers, files of the storm (what a job mails that was under way then is named M...), silenced
# crontabs; and the decoy, 1 while it is there.
world() { # LABEL
  "$cron" status && up=1 || up=0
  mailers=0
  for comm in /proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$comm" || continue
    case $name in sendmail | postdrop) mailers=$((mailers + 1)) ;; esac
  done
  set -- "$1" "$spool"/*A*
  [ -e "$2" ] && files=$(($# - 1)) || files=0
  decoy=0
  for old in "$spool"/*DECOY*; do [ -e "$old" ] && decoy=1 files=$((files - 1)); done
  echo "world $1 cron=$up mailers=$mailers files=$files silenced=$(silenced) decoy=$decoy"
}
# An edit that was done twice would be seen as a third line.
silenced() { grep -h '^MAILTO=""$' "$table" "$scene/var/etc/crontab" | wc -l; }
# Told apart from what the storm left: `resume` must leave it alone where the deletion was finished before.
decoy() { { printf 'To: root\nSubject: Cron <root@drill> decoy\n\ndecoy\n' >"$spool/999999ADECOY"; } 2>/dev/null; }
act() { "$fb" "$@" --unattended --policy "$policy" </dev/null; }
# The same with a fault at its journal: faulty FAULT COMMAND...; see disk-faults.mjs.
faulty() {
  fault=$1
  shift
  FIREBREAK_NODE=$root/test/faults/node-with-faults FAULT=$fault CALLS=$OUT/calls "$fb" "$@" --unattended --policy "$policy" </dev/null >>"$OUT/said" 2>&1
}
# The same, killed -9 by strace at the Nth CALL of the main thread, whatever it is on. A folder as standard output makes Node write nothing there.
traced() { # CALL N COMMAND...
  call=$1 nth=$2
  shift 2
  strace -qq -y -o "$OUT/strace" -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$nth" \
    "$fb" "$@" --unattended --policy "$policy" </dev/null 1</ 2>>"$OUT/said"
}

eval "$script"

# A small cron, started in the scene: `bin/cron lib/cron.sh`. It forks for jobs and for nothing else, so that its fault counters tell its minutes as a real cron's do:
# the clock is a child that writes a line a minute, and everything in between is shell builtins.
. ./names
echo $$ >run/cron.pid
mkfifo run/ticks.$$
exec 3<>run/ticks.$$
bin/$clock_name lib/clock.sh "$minute" >&3 &
clock=$!
trap 'kill $clock; exit 0' TERM

started=0 ended=0
# One job in a child of its own: what it prints is mailed, and the child waits for the mailer, as a real cron's does.
job() { # COMMAND MAILTO
  started=$((started + 1))
  {
    output=$(/bin/sh -c "$1" 2>&1 </dev/null 3<&-)
    if [ -n "$output" ] && [ -n "$2" ]; then
      # As cron writes it: the subject names the user that the job runs as, and so the owner of the mail's file.
      printf 'From: root (Cron Daemon)\nTo: %s\nSubject: Cron <%s@drill> %s\n\n%s\n' "$2" "$drill_user" "$1" "$output" |
        bin/$sendmail_name lib/sendmail.sh 3<&- >/dev/null 2>&1
    fi
    echo "done $started" >&3
  } &
  eval "job_$started=$!"
}

# Jobs that are due in every minute are all that a drill needs: the others are never due.
crontab() { # FILE HAS_USER_COLUMN
  mailto=$drill_user
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      MAILTO=*)
        mailto=${line#MAILTO=}
        mailto=${mailto#[\"\']}
        mailto=${mailto%[\"\']}
        ;;
      '* * * * * '*)
        command=${line#'* * * * * '}
        [ -z "$2" ] || command=${command#* }
        job "$command" "$mailto"
        ;;
    esac
  done <"$1"
}

while read -r what number <&3; do
  case $what in
    tick)
      # Somebody reads a plan for ten minutes: it is a drill, so the storm stops growing at some point.
      [ $((started - ended)) -lt 30 ] || continue
      for file in var/crontabs/*; do
        case $file in */tmp.*) ;; *) [ -f "$file" ] && crontab "$file" '' ;; esac
      done
      crontab var/etc/crontab yes
      ;;
    done)
      ended=$((ended + 1))
      eval "wait \$job_$number; unset job_$number"
      ;;
  esac
done

#!/bin/sh
# From Alertmanager to firebreak without a server: asks whether an alert fires for this host, and runs the runbook that belongs to it.
# No port is opened, and no word of an alert becomes an argument: what is run stands below, and only whether it is run comes from outside.
# To be started every minute by a timer or by cron, as the user who may run the runbook; one run at a time has the host, and the policy's
# `cool_down` keeps an alert that fires on from starting the same remedy again. Needs curl.
#
#   ALERTMANAGER  where it listens           (default http://127.0.0.1:9093)
#   POLICY        what automation may do     (default /etc/firebreak/policy.yaml)
#   INSTANCE      this host's `instance`     (default its name, with any port)
#
# Exits 0 where nothing fires or the remedy held, 69 where Alertmanager cannot be asked, else as `firebreak run`.
set -u
ALERTMANAGER=${ALERTMANAGER:-http://127.0.0.1:9093}
POLICY=${POLICY:-/etc/firebreak/policy.yaml}
INSTANCE=${INSTANCE:-$(uname -n)}

# Alert, runbook: the first that fires is remedied, the next minute looks at the next.
remedies() {
  cat <<'END'
CronMailStorm cron-mail-storm
END
}

# Active alerts only: neither silenced nor inhibited ones start anything, and Alertmanager does not list resolved ones. `[]`: there is none.
fires() { # ALERT
  instance=$(printf %s "$INSTANCE" | sed 's/[.]/[.]/g')
  answer=$(curl --fail --silent --show-error --max-time 10 --max-filesize 1048576 --get "$ALERTMANAGER/api/v2/alerts" \
    --data active=true --data silenced=false --data inhibited=false --data unprocessed=false \
    --data-urlencode "filter=alertname=\"$1\"" --data-urlencode "filter=instance=~\"$instance(:[0-9]+)?\"") || return 69
  case $answer in
  '[]'*) return 1 ;;
  '['*) return 0 ;;
  *) echo "firebreak: $ALERTMANAGER does not answer as Alertmanager does" >&2; return 69 ;;
  esac
}

main() {
  remedies | {
    while read -r alert runbook; do
      fires "$alert" && found=0 || found=$?
      [ "$found" = 69 ] && exit 69
      [ "$found" = 0 ] || continue
      firebreak run "$runbook" --unattended --policy "$POLICY" </dev/null
      exit $?
    done
    exit 0
  }
}

main

#!/bin/sh
# The drill's `crontab`: [-u USER] FILE | - | -l | -T FILE. Refuses what cron would not understand; installs through a temporary file and a
# rename, so it needs a free inode, as the real one does.
scene=${0%/bin/*}
. "$scene/names"
user=$drill_user mode=install
while getopts u:lT option; do
  case $option in
    u) user=$OPTARG ;;
    l) mode=list ;;
    T) mode=check ;;
    *) exit 64 ;;
  esac
done
shift $((OPTIND - 1))
table=$scene/var/crontabs/$user
case $user in '' | */* | .*) echo "crontab: no user '$user'" >&2; exit 1 ;; esac

if [ $mode = list ]; then
  [ -f "$table" ] || { echo "no crontab for $user" >&2; exit 1; }
  while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$table"
  exit
fi

new=
number=0
bad() {
  echo "\"$1\":$number: bad ${2:-minute}
errors in crontab file, can't install." >&2
  exit 1
}
check() { # LINE, without leading blanks
  case $1 in
    '' | '#'* | @[a-z]*) return ;;
    [A-Za-z_]*=?*) case ${1%%=*} in *[!A-Za-z0-9_]*) ;; *) return ;; esac ;;
  esac
  set -f
  # shellcheck disable=SC2086
  set -- $1
  set +f
  [ $# -ge 6 ] || bad "${source:--}"
  for field in "$1" "$2" "$3" "$4" "$5"; do
    case $field in *[!0-9A-Za-z*,/~-]*) bad "${source:--}" ;; esac
  done
}
source=${1:--}
[ "$source" = - ] || exec <"$source" || exit 1
while IFS= read -r line || [ -n "$line" ]; do
  number=$((number + 1))
  check "${line#"${line%%[![:space:]]*}"}"
  new="$new$line
"
done
[ $mode = install ] || exit 0

umask 077
temporary=$scene/var/crontabs/tmp.$$
printf '%s' "$new" >"$temporary" || { rm -f "$temporary"; exit 1; }
mv "$temporary" "$table"

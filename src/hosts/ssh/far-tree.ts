/**
 * Ends what a channel or a question has started: TERM, CONT (a stopped process sees no TERM), 2 s of grace, KILL, and
 * says which pids would not go. `end_tree PATTERN ROOT SINCE BYSESSION`: of the tree is who carries the mark that
 * PATTERN finds in its environment, who descends from ROOT (`-`: nobody), and, where BYSESSION is not empty, who is in
 * ROOT's session. Nobody who was there before SINCE can belong to it. POSIX and busybox: no ps, no pgrep.
 */
export const END_TREE = String.raw`
marked() { [ -n "$1" ] && { tr '\0' '\n' </proc/$2/environ | grep -q "$1"; } 2>/dev/null; }
tree() {
  cd /proc && cat [0-9]*/stat 2>/dev/null | awk -v root="$2" -v since="$3" -v by="$4" -v known=" $5 " '
    { pid = $1; rest = $0
      if (pid !~ /^[0-9]+$/ || pid < 2 || !sub(/^.*\) /, "", rest)) next
      split(rest, f, " ")
      if (f[1] == "Z" || f[1] == "X" || f[20] + 0 < since + 0) next
      start[pid] = f[20]; parent[pid] = f[2]; session[pid] = f[4] }
    END {
      if (root + 0 > 1) of[root] = 1
      for (pid in start) if ((root + 0 > 1 && by != "" && session[pid] == root) || index(known, " " pid ":" start[pid] " ")) of[pid] = 1
      do { more = 0
        for (pid in parent) if (!(pid in of) && (parent[pid] in of)) { of[pid] = 1; more = 1 }
      } while (more)
      for (pid in start) print ((pid in of) ? "in" : "out"), pid ":" start[pid]
    }' | while read -r where who; do
      if [ "$where" = in ] || marked "$1" "${'$'}{who%%:*}"; then echo "$who"; fi
    done
}
send() { sig=$1; shift; for who; do kill -s "$sig" "${'$'}{who%%:*}" 2>/dev/null; done; }
living() {
  for who; do
    { IFS= read -r line </proc/${'$'}{who%%:*}/stat; } 2>/dev/null || continue
    case ${'$'}{line##*) } in [ZX]*) ;; *) return 0 ;; esac
  done
  return 1
}
nap() { sleep 0.1 2>/dev/null || sleep 1; }
end_tree() {
  known=$(echo $(tree "$1" "$2" "$3" "$4" "")); i=0
  [ -n "$known" ] || return 0
  send TERM $known; send CONT $known
  while [ $i -lt 20 ] && living $known; do nap; i=$((i+1)); done
  i=0
  while left=$(echo $(tree "$1" "$2" "$3" "$4" "$known")); [ -n "$left" ] && [ $i -lt 30 ]; do
    send KILL $left; known="$known $left"; nap; i=$((i+1))
  done
  for who in $left; do echo "${'$'}{who%%:*}"; done
}`;

# Ends a drill that has no namespaces: `janitor.sh SCENE`, in a session of its own, stdin a pipe whose other end only the drill's
# starter holds. Its end of file means that the drill is over, by whatever death; our end of it, closed last, tells that nothing is left. Everything of the drill carries DRILL_SCENE in its
# environment; no pid is remembered, so none can be mistaken.
scene=$1
while read -r _; do :; done

holds() { # FILE LINE
  tr '\0' '\n' <"/proc/$pid/$1" 2>/dev/null | grep -Fqx -e "$2"
}

# A lease's watchdog has the environment of init and is made to outlive its engine. It leads a session, and holds the scene's service as an argument.
sweep() { # SIGNAL
  left=0
  for environ in /proc/[0-9]*/environ; do
    pid=${environ#/proc/} pid=${pid%/environ}
    [ "$pid" = $$ ] && continue
    if holds environ "DRILL_SCENE=$scene"; then
      kill -"$1" "$pid" 2>/dev/null && left=$((left + 1))
    elif holds cmdline "$scene/init/drill-cron"; then
      kill -KILL -- "-$pid" 2>/dev/null && left=$((left + 1))
    fi
  done
}

sweep TERM
sleep 1
for _ in 1 2 3 4 5 6 7 8; do
  sweep KILL
  [ $left = 0 ] && break
  sleep 0.3
done
rm -rf "$scene"

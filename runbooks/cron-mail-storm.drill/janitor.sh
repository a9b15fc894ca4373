# Ends a drill that has no namespaces: `janitor.sh SCENE`, in a session of its own, stdin a pipe whose other end only the drill's starter
# holds. Its end of file means that the drill is over, by whatever death; our end of it, closed last, tells that nothing is left.
# Everything of the drill carries DRILL_SCENE in its environment; no pid is remembered, so none can be mistaken.
scene=$1
while read -r _; do :; done

# The folder's random name ends the text, and all of them are of one length: what contains it is it. One look at all: the host may be crowded.
holding() { # FILE TEXT
  grep -lFs -e "$2" /proc/[0-9]*/"$1"
}

# A lease's watchdog has the environment of init and is made to outlive its engine. It leads a session, and holds the scene's service as an
# argument.
sweep() { # SIGNAL
  left=0
  for found in $(holding environ "DRILL_SCENE=$scene"); do
    pid=${found#/proc/} pid=${pid%/environ}
    [ "$pid" != $$ ] && kill -"$1" "$pid" 2>/dev/null && left=$((left + 1))
  done
  for found in $(holding cmdline "$scene/init/drill-cron"); do
    pid=${found#/proc/} pid=${pid%/cmdline}
    [ "$pid" != $$ ] && kill -KILL -- "-$pid" 2>/dev/null && left=$((left + 1))
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

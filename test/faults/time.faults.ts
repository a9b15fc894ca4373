import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../support/lab/faults.ts';
import { eventsIn, inScene, stateFolder } from '../support/lab/scene.ts';

/** Time that does strange things to the engine. */
const JOURNAL = '"$FIREBREAK_STATE"/runs/*/journal.ndjson';
const STOPPED = `until grep -q '"step":"stop-cron","outcome":"done"' ${JOURNAL} 2>/dev/null; do sleep 0.02; done`;
const HEALED = JSON.stringify({ cron: 1, mailers: 0, files: 0, silenced: 2, decoy: 0 });

const LIBRARY = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0] ?? '';

/** The wall clock jumps a day ahead, then two days back, while cron is stopped and while it watches. */
const JUMPS = `
echo '+0' >"$OUT/clock"
( export LD_PRELOAD=${LIBRARY} FAKETIME_TIMESTAMP_FILE="$OUT/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
  act run cron-mail-storm "$@" --param watch=3s >"$OUT/said" 2>&1; echo $? >"$OUT/exit" ) &
${STOPPED}
echo '+1d' >"$OUT/clock"
until grep -q watch.sampled ${JOURNAL}; do sleep 0.02; [ -e "$OUT/exit" ] && break; done
echo '-1d' >"$OUT/clock"
wait
echo "say exit=$(cat "$OUT/exit")"
world end
[ "$(cat "$OUT/exit")" = 0 ] || cat "$OUT/said"`;

fault(
  'the wall clock jumps a day ahead and two back in the middle of a run',
  { needs: ['namespaces', 'faketime'], within: 120_000 },
  async (tally, context) => {
    for (let round = 0; round < 3; round += 1) {
      const scene = await inScene(JUMPS, { state: stateFolder(context), within: 60_000 });
      tally.runs += 1;
      if (scene.hung) tally.hung.push(scene.stdout);
      else if (scene.said.exit !== '0') tally.wrong.push(`exit ${scene.said.exit}\n${scene.stdout}`);
      else if (JSON.stringify(scene.worlds.end) !== HEALED)
        tally.lost.push(`ended as ${JSON.stringify(scene.worlds.end)}`);
    }
    tally.note = 'held, with the journal whole';
  },
);

/** Frozen for longer than the lease, then woken: its watchdog has started cron, and the engine does nothing more. */
const FROZEN = `
act run cron-mail-storm "$@" --param lease=4s >"$OUT/said" 2>&1 & shell=$!
${STOPPED}
for line in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$line" 2>/dev/null | grep -q 'cli[.][jt]s run ' && pid=\${line#/proc/} && pid=\${pid%/cmdline}; done
kill -STOP $pid
sleep 7
world frozen
echo "say intents=$(grep -c '"type":"action.intended"' ${JOURNAL})"
kill -CONT $pid
wait $shell; echo "say exit=$?"
cp -r "$FIREBREAK_STATE" "$OUT/before-resume"
world end
act resume >>"$OUT/said" 2>&1; echo "say resume=$?"
world resumed
tail -n 60 "$OUT/said"`;

fault(
  'the engine is stopped (SIGSTOP) for longer than its lease, then goes on',
  { needs: ['namespaces'], within: 120_000 },
  async (tally, context) => {
    for (let round = 0; round < 3; round += 1) {
      const state = stateFolder(context);
      const scene = await inScene(FROZEN, { state, within: 60_000 });
      const { frozen, end, resumed } = scene.worlds;
      tally.runs += 1;
      if (scene.hung) {
        tally.hung.push(scene.stdout);
        continue;
      }
      if (frozen?.cron !== 1) tally.lost.push(`cron was not started by the deadline\n${scene.stdout}`);
      if (end?.cron !== 1) tally.lost.push(`cron does not run after the engine went on\n${scene.stdout}`);
      // If the freeze came late, everything under the lease was already done.
      if (!['124', '0', '7', '4'].includes(scene.said.exit ?? ''))
        tally.wrong.push(`exit ${scene.said.exit}\n${scene.stdout}`);
      if (scene.said.exit === '124')
        tally.twice.push(...actedSince(join(state, 'before-resume'), Number(scene.said.intents)));
      if (scene.said.exit === '124' && scene.said.resume !== '0' && scene.said.resume !== '66')
        tally.lost.push(`resume ended with ${scene.said.resume}\n${scene.stdout}`);
      if (scene.said.resume === '0' && JSON.stringify(resumed) !== HEALED)
        tally.lost.push(`resume left ${JSON.stringify(resumed)}`);
    }
    tally.note = 'cron ran by the deadline, no further act (exit 124), resume ended in held';
  },
);

/** Steps that were begun after the freeze: what was under way then may end. */
function actedSince(journal: string, intents: number): readonly string[] {
  const events = eventsIn(journal) ?? [];
  const later = events.flatMap((event) => (event.type === 'action.intended' ? [event.step] : [])).slice(intents);
  const done = events.flatMap((event) =>
    event.type === 'action.applied' && event.applied.outcome === 'done' ? [event.step] : [],
  );
  return later.filter((step) => done.includes(step)).map((step) => `${step} was done after the lease was over`);
}

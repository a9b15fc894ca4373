import { fault } from '../support/lab/faults.ts';
import { inScene, stateFolder } from '../support/lab/scene.ts';

/** Two engineers, an alert and a cron job start at the same moment. */
const SCRIPT = `
at=0
while [ $at -lt 50 ]; do
  at=$((at + 1))
  { act run cron-mail-storm "$@" --param watch=20s >"$OUT/said-$at" 2>&1; echo $? >"$OUT/code-$at"; } &
done
wait
echo "say held=$(cat "$OUT"/code-* | grep -cx 0)"
echo "say locked=$(cat "$OUT"/code-* | grep -cx 75)"
echo "say named=$(grep -lE 'another run holds this host: cron-mail-storm, started by [^ ]+ at [^ ]+, pid [0-9]+; nothing was touched' "$OUT"/said-* | wc -l)"
echo "say runs=$(ls "$FIREBREAK_STATE/runs" | wc -l)"
world end`;

fault('50 runs at once on one host', { needs: ['namespaces'], within: 180_000 }, async (tally, context) => {
  const scene = await inScene(SCRIPT, { state: stateFolder(context), within: 170_000 });
  tally.runs = 50;
  if (scene.hung) return void tally.hung.push(scene.stdout);
  const { held, locked, named, runs } = scene.said;
  if (held !== '1') tally.wrong.push(`${held} ended with 0\n${scene.stdout}`);
  if (locked !== '49' || named !== '49')
    tally.wrong.push(`${locked} ended with 75, ${named} of them naming the one that runs\n${scene.stdout}`);
  if (runs !== '1') tally.twice.push(`${runs} runs have a journal`);
  if (JSON.stringify(scene.worlds.end) !== HEALED) tally.lost.push(`ended as ${JSON.stringify(scene.worlds.end)}`);
  tally.note = 'one held, 49 ended with 75 and named it';
});

const HEALED = JSON.stringify({ cron: 1, mailers: 0, files: 0, silenced: 2, decoy: 0 });

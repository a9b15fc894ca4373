import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fault, inLanes } from '../support/lab/faults.ts';
import { checkHealed, GO_ON, RUN } from '../support/lab/healed.ts';
import { inScene, stateFolder } from '../support/lab/scene.ts';

/**
 * The journal on an ext4 of its own, whose device is copied under the live mount the moment the engine dies: only what
 * was synced is on the copy.
 */
const POINTS = Array.from({ length: 14 }, (_, at) => 3 + at * 8);

const DISK = `
truncate -s 16M "$OUT/live.img" && mkfs.ext4 -q "$OUT/live.img" && mkdir "$OUT/disk" && mount -o loop,commit=300 "$OUT/live.img" "$OUT/disk" || exit 70
export FIREBREAK_STATE=$OUT/disk/state`;

const CUT = `cp "$OUT/live.img" "$OUT/cut.img"; umount "$OUT/disk"; mount -o loop "$OUT/cut.img" "$OUT/disk" || exit 70`;

fault(
  'the power fails while the journal’s disk has not written what was not synced',
  { needs: ['root', 'namespaces'], within: 240_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    await inLanes(POINTS, 4, async (nth) => {
      const state = join(root, String(nth));
      mkdirSync(state);
      const script = `${DISK}; faulty kill:${nth} ${RUN}; echo "say crash=$?"; ${CUT}; ${GO_ON}; cp -r "$FIREBREAK_STATE" "$OUT/state"; umount "$OUT/disk"`;
      const scene = await inScene(script, { state, within: 60_000 });
      tally.runs += 1;
      if (scene.hung) return void tally.hung.push(`${nth}\n${scene.stdout}${scene.stderr}`);
      if (scene.said.crash !== '137') tally.wrong.push(`${nth}: not killed\n${scene.stdout}${scene.stderr}`);
      const { lost, twice } = checkHealed(scene, state, `call ${nth}`);
      tally.lost.push(...lost);
      tally.twice.push(...twice);
    });
    tally.note = `calls ${POINTS[0]} to ${POINTS.at(-1)}, every 8th: each act has its intent on the copied disk, resume ended in held`;
  },
);

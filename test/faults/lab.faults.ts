import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault, inLanes } from '../support/lab/faults.ts';
import { CHECKOUT, inStorm } from '../support/lab/lab.ts';
import { stateFolder } from '../support/lab/scene.ts';

/**
 * The real thing: Debian's cron and Postfix on a /var without an inode, the engine killed -9 at ten points from its
 * first call on the journal to its last.
 */
const POINTS = 10;

const FAULTY = (fault_: string) => `
# Root's journals are in /var/lib/firebreak: here on a disk with room, so that only the kills are faults.
mkdir /run/lib && cp -a /var/lib/. /run/lib && mkdir -m 700 /run/lib/firebreak && mount --bind /run/lib /var/lib || exit 70
export FAULT_STATE=/var/lib/firebreak REAL_NODE=${process.execPath}
act() { bin/firebreak "$@" --unattended --policy examples/policy.yaml </dev/null >>$OUT/said 2>&1; }
FIREBREAK_NODE=${CHECKOUT}/test/faults/node-with-faults FAULT=${fault_} CALLS=$OUT/calls act run cron-mail-storm --param watch=8s --param ticks=2
echo "crash $?"`;

fault(
  'kill -9 at ten points in the lab, with the real cron, then resume',
  { needs: ['lab'], within: 600_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    await inStorm(FAULTY('count'), { out: root });
    const calls = readFileSync(join(root, 'calls'), 'utf8').split('\n').filter(Boolean).length;
    const points = Array.from({ length: POINTS }, (_, at) => Math.round(2 + (at * (calls - 4)) / (POINTS - 1)));
    await inLanes(points, 3, async (nth) => {
      const out = join(root, String(nth));
      mkdirSync(out);
      const script = `${FAULTY(`kill:${nth}`)}
act resume; code=$?
# Killed before there was anything to go on with: then it is a run like any other.
[ $code = 66 ] && ! grep -q run.finished /var/lib/firebreak/runs/*/journal.ndjson && { act run cron-mail-storm --param watch=8s --param ticks=2; code=$?; }
echo "resume $code"
grep -q run.finished /var/lib/firebreak/runs/*/journal.ndjson && echo finished
"$LAB/check-recovered"`;
      const { stdout, stderr } = await inStorm(script, { out });
      tally.runs += 1;
      const where = `at call ${nth} of ${calls}`;
      if (!stdout.includes('crash 137')) tally.wrong.push(`${where}: not killed\n${stdout}${stderr}`);
      if (!/^resume (0|66)$/m.test(stdout) || !stdout.includes('check-recovered: recovered'))
        tally.lost.push(`${where}: ${stdout}${stderr}${readFileSync(join(out, 'said'), 'utf8')}`);
    });
    tally.note = `calls ${points.join(', ')} of ${calls}; check-recovered after each`;
  },
);

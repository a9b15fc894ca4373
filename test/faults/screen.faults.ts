import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fault, inLanes } from '../support/lab/faults.ts';
import { inScene, stateFolder } from '../support/lab/scene.ts';

/** The run holds and ends, whatever happens to its output. */
const RUN = 'act run cron-mail-storm "$@"';
const CODE = 'echo $? >"$OUT/code"';
const JOURNAL = '"$FIREBREAK_STATE"/runs/*/journal.ndjson';
const ENGINE = `for line in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$line" 2>/dev/null | grep -q 'cli[.][jt]s run ' && pid=\${line#/proc/} && pid=\${pid%/cmdline}; done`;

const SCREENS: readonly (readonly [name: string, script: string])[] = [
  ['closed from the start', `${RUN} >&- 2>&-; ${CODE}`],
  ['a pipe whose reader is gone', `{ ${RUN}; ${CODE}; } 2>&1 | true`],
  ['a pipe whose reader leaves in the middle', `{ ${RUN}; ${CODE}; } 2>&1 | head -n 5 >/dev/null`],
  // The pipe is full before the run begins.
  [
    'a pipe that nobody reads',
    `{ head -c 65536 /dev/zero; ${RUN} --output ndjson; ${CODE}; } 2>/dev/null | sleep 40 & until [ -s "$OUT/code" ]; do sleep 0.1; done`,
  ],
  ['a full disk', `${RUN} >/dev/full 2>&1; ${CODE}`],
  [
    'a hang-up (SIGHUP) while it watches',
    `{ ${RUN} --param watch=3s >/dev/null 2>&1; ${CODE}; } & until grep -q watch.sampled ${JOURNAL} 2>/dev/null; do sleep 0.05; done; ${ENGINE}; kill -HUP "$pid"; wait`,
  ],
];

const HEALED = JSON.stringify({ cron: 1, mailers: 0, files: 0, silenced: 2, decoy: 0 });

fault(
  'the output is closed, broken, frozen or full under an unattended run',
  { needs: ['namespaces'], within: 180_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    await inLanes(SCREENS, 3, async ([name, script]) => {
      const state = join(root, name.replaceAll(' ', '-'));
      mkdirSync(state);
      const scene = await inScene(`${script}; echo "say exit=$(cat "$OUT/code")"; world end`, {
        state,
        within: 38_000,
      });
      tally.runs += 1;
      if (scene.hung) return void tally.hung.push(`${name}\n${scene.stdout}${scene.stderr}`);
      if (scene.said.exit !== '0') tally.wrong.push(`${name}: exit ${scene.said.exit}\n${scene.stdout}${scene.stderr}`);
      if (JSON.stringify(scene.worlds.end) !== HEALED)
        tally.lost.push(`${name}: ended as ${JSON.stringify(scene.worlds.end)}`);
    });
    tally.note = SCREENS.map(([name]) => name).join(', ');
  },
);

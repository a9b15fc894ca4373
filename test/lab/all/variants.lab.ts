import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inStorm } from '../../support/lab/lab.ts';

/** Every size and name of the founding incident, with a shop's mail mixed in: `.ci/run --all` alone runs these. */
const REMEDY =
  'npx firebreak run cron-mail-storm --unattended --policy examples/policy.yaml --param watch=8s --param ticks=2';

for (const daemon of ['cron', 'crond'])
  for (const inodes of [4000, 20_000])
    for (const [jobs, mailers] of [
      [3, 10],
      [10, 20],
      [60, 100],
    ] as const) {
      const options = Object.entries({ daemon, inodes, jobs, mailers, customers: 137 }).flatMap(([name, value]) => [
        `--${name}`,
        String(value),
      ]);
      test(`the storm is over, and the shop's mail is there: ${options.join(' ')}`, { timeout: 600_000 }, async () => {
        const { code, stdout, stderr } = await inStorm(`${REMEDY} && "$LAB/check-recovered"`, { options });
        assert.deepEqual([code, stdout.trim().split('\n').at(-1)], [0, 'check-recovered: recovered'], stdout + stderr);
      });
    }

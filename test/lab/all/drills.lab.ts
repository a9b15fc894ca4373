import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT } from '../../support/lab/lab.ts';

/** The drill of every runbook that has one, of both kinds: `.ci/run --all` alone runs these. */
const drills = globSync(join(CHECKOUT, 'runbooks/**/*.drill')).map((folder) => basename(folder, '.drill'));

for (const name of drills)
  for (const kind of ['namespaces', 'plain'])
    test(`the drill of ${name} ends in held (${kind})`, { timeout: 300_000 }, () => {
      const { status, stdout, stderr } = spawnSync(join(CHECKOUT, 'bin/firebreak'), ['drill', name], {
        cwd: '/',
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...(kind === 'plain' && { FIREBREAK_DRILL: kind }) },
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
        timeout: 280_000,
      });
      assert.equal(status, 0, stdout + stderr);
      assert.match(stderr, kind === 'plain' ? /without namespaces/ : /in namespaces of its own/);
    });

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT } from '../support/lab.ts';

/** As the launcher starts it. */
const FLAGS = (/exec "\$node" (.*) "\$entry"/.exec(readFileSync(join(CHECKOUT, 'bin/firebreak'), 'utf8'))?.[1] ?? '').split(' ');
const TIMES = 10;

/** Milliseconds of processor time of one run, as the shell adds them up (`times`): the machine may be busy, and the wall clock with it. */
function cost(...argv: readonly string[]): number {
  const script = `n=${TIMES}; while [ $n -gt 0 ]; do "$@" >/dev/null 2>&1; n=$((n - 1)); done; times`;
  const said = execFileSync('sh', ['-c', script, 'sh', ...argv], { cwd: CHECKOUT, encoding: 'utf8' });
  const spent = [...(said.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  );
  return (spent.reduce((sum, one) => sum + one, 0) * 1000) / TIMES;
}

test('what V8 has compiled for the build is taken: it was made under the flags of the launcher', () => {
  assert.ok(existsSync(join(CHECKOUT, 'dist/firebreak.cache')), 'npm run build');
  const script = `const { Script } = require('vm'), { readFileSync } = require('fs');
    const { cachedDataRejected } = new Script(readFileSync('dist/firebreak.cjs', 'latin1'), { cachedData: readFileSync('dist/firebreak.cache') });
    process.exit(cachedDataRejected ? 1 : 0);`;
  execFileSync(process.execPath, [...FLAGS, '-e', script], { cwd: CHECKOUT });
});

test('a plan of the founding runbook costs less than six times what bare node costs', (t) => {
  const bare = cost(process.execPath, ...FLAGS, '-e', '0');
  const build = [process.execPath, ...FLAGS, 'dist/cli.js'];
  const rows = { version: ['--version'], check: ['check', 'cron-mail-storm'], plan: ['plan', 'cron-mail-storm'] };
  const ratios = Object.fromEntries(Object.entries(rows).map(([name, argv]) => [name, cost(...build, ...argv) / bare]));
  t.diagnostic(
    `bare node ${bare.toFixed(0)} ms; ${Object.entries(ratios)
      .map(([name, ratio]) => `${name} ${ratio.toFixed(2)} x`)
      .join(', ')}`,
  );
  assert.ok((ratios.plan ?? 9) < 6, JSON.stringify(ratios));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { testIo } from '../support/test-io.ts';

async function firebreak(cwd: string, ...argv: readonly string[]) {
  const { io, out, err } = testIo({ cwd, home: cwd });
  return { exit: await main(argv, io), out: out(), err: err() };
}

test('a parameter without a value is a usage error: nobody meant an empty text; of two values the later is taken', async (t) => {
  const here = temporaryFolder(t);
  const plan = async (...params: readonly string[]) => {
    const { exit, out, err } = await firebreak(here, 'plan', 'cron-mail-storm', ...params);
    return [exit, out, err];
  };
  assert.deepEqual(await plan('--param', 'crontabs'), [
    64,
    '',
    'firebreak: --param crontabs: write NAME=VALUE, crontabs=...\n',
  ]);
  const later = await plan('-p', 'watch=soon', '-p', 'nosuch=1', '-p', 'watch=2m');
  assert.equal(later[0], 64);
  assert.match(String(later[2]), /nosuch/);
  assert.doesNotMatch(String(later[2]), /soon/);
});

test('help that was asked for is no mistake', async (t) => {
  const here = temporaryFolder(t);
  for (const argv of [['help'], ['help', 'run'], ['run', '--help'], ['--help']]) {
    const { exit, out, err } = await firebreak(here, ...argv);
    assert.deepEqual([exit, /Usage: firebreak/.test(out), err], [0, true, ''], argv.join(' '));
  }
  assert.deepEqual([(await firebreak(here)).exit, (await firebreak(here, 'help', 'nosuch')).exit], [64, 64]);
});

test('a saved plan that is not there is told as any file is', async (t) => {
  const here = temporaryFolder(t);
  const { exit, err } = await firebreak(here, 'run', '--plan', 'nosuch.json');
  assert.deepEqual([exit, err], [66, `firebreak: ${here}/nosuch.json cannot be read: no such file\n`]);
});

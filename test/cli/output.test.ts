import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inOwnPlaces } from '../support/lab/own-places.ts';
import { setStage } from '../support/stage.ts';

const launcher = join(import.meta.dirname, '../../bin/firebreak');
const ALONE = ['--unattended', '--policy', 'policy.yaml'];
const SAID = 'firebreak: the output could not be written and is cut off: ENOSPC: no space is left\n';

function stageOf(t: TestContext) {
  const stage = setStage(t);
  const onto = (path: string, flags: string, argv: readonly string[]) => {
    const fd = openSync(path, flags);
    const own = inOwnPlaces(stage.path('state'), [launcher, ...argv], { lock: 'process' });
    const [program = '', ...args] = own.argv;
    const env = { ...process.env, HOME: stage.folder, ...own.env };
    const ended = spawnSync(program, args, { cwd: stage.folder, env, stdio: ['ignore', fd, 'pipe'], encoding: 'utf8' });
    closeSync(fd);
    return { exit: ended.status, err: ended.stderr };
  };
  return { stage, full: (...argv: readonly string[]) => onto('/dev/full', 'w', argv), onto };
}

test('what does not fit on a full disk is said, with a code of its own, by every command that prints', (t) => {
  const { full } = stageOf(t);
  assert.deepEqual(full('run', './paint.yaml', ...ALONE, '--output', 'ndjson'), { exit: 71, err: SAID });
  const commands = [
    ['list'],
    ['schema', 'runbook'],
    ['check', 'paint.yaml'],
    ['runs'],
    ['runs', '--json'],
    ['report'],
    ['report', '--json'],
    ['plan', './paint.yaml'],
    ['plan', './paint.yaml', '--json'],
    ['run', './paint.yaml', '--dry-run', '--json'],
    ['policy', 'check', 'policy.yaml'],
    ['doctor'],
    ['--help'],
    ['--version'],
  ];
  for (const argv of commands) {
    const { exit, err } = full(...argv);
    assert.deepEqual([exit, err.endsWith(SAID)], [71, true], `${argv.join(' ')}: ${exit} ${err}`);
  }
});

test('a run whose log is cut off keeps its outcome, and tells that the log is cut off', (t) => {
  const { full } = stageOf(t);
  assert.deepEqual(full('run', './paint.yaml', ...ALONE), { exit: 0, err: SAID });
  assert.deepEqual(full('run', './paint.yaml', ...ALONE), { exit: 2, err: SAID });
});

test('a command without output succeeds on a full disk, and a file with room gets the whole output', (t) => {
  const { stage, full, onto } = stageOf(t);
  assert.deepEqual(full('report'), { exit: 66, err: 'firebreak: there is no run yet\n' });
  const written = onto(stage.path('out'), 'w', ['schema', 'runbook']);
  assert.deepEqual(written, { exit: 0, err: '' });
  JSON.parse(readFileSync(stage.path('out'), 'utf8'));
});

test('a reader that closes the pipe is no error', () => {
  const ended = spawnSync(
    '/bin/sh',
    ['-c', '{ "$1" schema runbook; echo "exit $?" >&2; } | head -c 1', 'sh', launcher],
    {
      encoding: 'utf8',
    },
  );
  assert.deepEqual([ended.stdout, ended.stderr], ['{', 'exit 0\n']);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../src/cli.ts';
import { testIo } from '../support/test-io.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'firebreak-check-'));
after(() => rmSync(folder, { recursive: true }));

async function check(...args: readonly string[]) {
  const { io, out, err } = testIo({ cwd: folder, columns: 80 });
  const exit = await main(['check', ...args], io);
  return { exit, out: out(), err: err() };
}

cpSync(join(root, 'test/fixtures/check/five-mistakes.yaml'), join(folder, 'five.yaml'));
const GOOD =
  'firebreak: 1\nrunbook: good\nversion: 1.0.0\ntitle: all is well\ndiagnose:\n  - {id: d, disk: {path: /}}\n';

const FIVE = `five.yaml:10:17: error[unknown-reference]: no parameter and no earlier step is named \`spol\`
   |
10 |     files: {in: $spol}
   |                 ^^^^^
   = did you mean $spool?
   = allowed: $spool

five.yaml:11:14: error[unknown-measure]: \`cuont\` is not a measure of this step
   |
11 |     expect: {cuont: {at_least: 10}}
   |              ^^^^^
   = did you mean count?
   = allowed: count, ...

five.yaml:15:51: error[bad-duration]: 15 has no unit; write 15s or 15m
   |
15 | …: cron}, restore_within: 15}
   |                           ^^

five.yaml:18:5: error[unknown-key]: \`on_fial\` is not a key here
   |
18 |     on_fial: ask
   |     ^^^^^^^
   = did you mean on_fail?
   = allowed: on_fail, ...

five.yaml:19:21: error[reference-of-wrong-kind]: \`$mail\` is a step of \`files\`; a step of processes is wanted here
   |
19 |     kill: {targets: $mail}
   |                     ^^^^^

5 problems
`;

test('five different mistakes are five problems at their places, and exit 65', async () => {
  const { exit, out, err } = await check('five.yaml');
  // The list of other allowed words depends on the verbs that exist.
  assert.equal(err.replace(/(allowed: \w+), .*(?:\n {14,}\w.*)*/g, '$1, ...'), FIVE);
  assert.deepEqual({ exit, out }, { exit: 65, out: '' });
});

test('as JSON the problems of each file are data, with code and place', async () => {
  writeFileSync(join(folder, 'good.yaml'), GOOD);
  const { exit, out, err } = await check('five.yaml', 'good.yaml', '--json');
  assert.deepEqual({ exit, err }, { exit: 65, err: '' });
  const rows = JSON.parse(out) as {
    file: string;
    ok: boolean;
    problems: { code: string; place: { line: number } }[];
  }[];
  assert.deepEqual(
    rows.map(({ file, ok, problems }) => [file, ok, problems.map(({ code, place }) => `${place.line} ${code}`)]),
    [
      [
        'five.yaml',
        false,
        [
          '10 unknown-reference',
          '11 unknown-measure',
          '15 bad-duration',
          '18 unknown-key',
          '19 reference-of-wrong-kind',
        ],
      ],
      ['good.yaml', true, []],
    ],
  );
});

test('a file without mistakes gives one line with the number of its steps; a folder means all its YAML files, policies too', async () => {
  mkdirSync(join(folder, 'well'));
  writeFileSync(join(folder, 'well/b.yaml'), GOOD);
  writeFileSync(join(folder, 'well/a.yml'), 'firebreak_policy: 1\nallow:\n  - runbook: good\n');
  writeFileSync(join(folder, 'well/notes.txt'), 'no runbook');
  assert.deepEqual(await check('well'), {
    exit: 0,
    out: 'ok  well/a.yml  policy: 1 rule\nok  well/b.yaml  good 1.0.0: 1 diagnose, 0 act, 0 verify\n',
    err: '',
  });
});

test('a file that is not there exits 66, and the others are still checked', async () => {
  writeFileSync(join(folder, 'good.yaml'), GOOD);
  assert.deepEqual(await check('nowhere.yaml', 'good.yaml'), {
    exit: 66,
    out: 'ok  good.yaml  good 1.0.0: 1 diagnose, 0 act, 0 verify\n',
    err: 'firebreak: nowhere.yaml cannot be read: no such file\n',
  });
});

test('bytes that are no UTF-8 are a problem with a place', async () => {
  writeFileSync(join(folder, 'bytes.yaml'), Buffer.from('firebreak: 1\nrunbook: \xff\xfe\n', 'latin1'));
  const { exit, err } = await check('bytes.yaml');
  assert.equal(exit, 65);
  assert.match(err, /^bytes\.yaml:2:10: error\[not-utf8\]/);
});

test('a bare name is a runbook of the library', async () => {
  const { exit, out } = await check('cron-mail-storm');
  assert.deepEqual([exit, out.includes('cron-mail-storm 2.0.0')], [0, true]);
});

test('every runbook and policy that comes with firebreak is well', async () => {
  const { exit, out, err } = await check(join(root, 'runbooks'), join(root, 'examples'));
  assert.deepEqual({ exit, err }, { exit: 0, err: '' });
  assert.match(out, /cron-mail-storm 2\.0\.0: 5 diagnose, 6 act, 1 verify/);
});

test('a pipe, a device and a folder in the place of a file are told at once', async () => {
  const pipe = join(folder, 'pipe.yaml');
  execFileSync('mkfifo', [pipe]);
  for (const argv of [
    ['check', pipe],
    ['policy', 'check', pipe],
    ['show', pipe],
    ['plan', pipe],
    ['plan', 'cron-mail-storm', '--policy', pipe],
    ['policy', 'explain', 'cron-mail-storm', '--policy', pipe],
    ['check', '/dev/zero'],
    ['show', '/dev/zero'],
    ['show', folder],
  ]) {
    const { io, err } = testIo();
    const exit = await main(argv, io);
    assert.ok([66, 77].includes(exit), `${argv.join(' ')}: ${exit} ${err()}`);
    assert.match(
      err(),
      /^firebreak: (?:the policy )?\S+ cannot be read: it is (?:no regular file \(a pipe, a device, a folder\)|a folder)/,
      argv.join(' '),
    );
  }
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { loadRunbook } from '../../src/load/load.ts';
import type { Condition } from '../../src/model/condition.ts';
import type { Runbook, Step } from '../../src/model/runbook.ts';
import { brief, load, problemsIn, STORM } from './storm.ts';
import { testCatalogue } from './verbs.ts';

async function storm(): Promise<Runbook> {
  const loaded = await load(STORM);
  assert.ok(loaded.ok);
  return loaded.value;
}

const clause = (measure: string, comparator: object, step?: string): Condition => ({
  kind: 'clause',
  clause: { ...(step !== undefined && { step }), measure, comparator },
});
const withoutPlace = ({ place: _, ...rest }: Step) => rest;

test('a runbook holds what its author wrote: conditions are read, units become numbers, references stay', async () => {
  const runbook = await storm();
  assert.equal(runbook.about, 'A small storm, told in two lines.');
  assert.deepEqual(runbook.limits, { kill: 2000, delete: 5000, stopped_for: 1_800_000 });
  assert.deepEqual(
    runbook.params.map(({ name, type, default: value, min, max }) => [name, type, value, min, max]),
    [
      ['spool', 'path', '/var/spool/maildrop', undefined, undefined],
      ['watch', 'duration', '10m', undefined, undefined],
      ['names', 'list', ['cron', 'crond'], undefined, undefined],
      ['lease', 'duration', '15m', undefined, undefined],
      ['least', 'integer', 4, 1, 100],
    ],
  );
  assert.deepEqual(runbook.diagnose.map(withoutPlace), [
    {
      id: 'inodes',
      phase: 'diagnose',
      verb: 'disk',
      arg: { path: '$spool' },
      why: 'a full table looks like free space',
      expect: clause('inodes_free', { at_most: '5%' }),
      decisive: true,
      ask: true,
      onFail: 'stop',
    },
    {
      id: 'post',
      phase: 'diagnose',
      verb: 'service',
      arg: { name: 'postfix' },
      expect: { kind: 'all_of', conditions: [clause('state', { is: 'stopped' }), clause('enabled', { is: false })] },
      decisive: true,
      ask: true,
      onFail: 'stop',
    },
    {
      id: 'mailers',
      phase: 'diagnose',
      verb: 'processes',
      arg: { name: ['sendmail', 'postdrop'], started_by: '$names', older_than: '30s' },
      expect: clause('count', { at_least: '$least' }),
      decisive: false,
      ask: true,
      retry: { times: 2, every: 1000 },
      onFail: 'stop',
    },
    {
      id: 'mail',
      phase: 'diagnose',
      verb: 'files',
      arg: { in: '$spool', type: 'file', name: { matches: '^[0-9A-Z]+$' }, max: 3 },
      expect: {
        kind: 'any_of',
        conditions: [clause('count', { between: [1000, 90000] }), clause('bytes', { at_least: '2GiB' })],
      },
      decisive: true,
      ask: true,
      onFail: 'stop',
    },
  ]);
  assert.deepEqual(
    runbook.act.map(({ id, when, undo, timeout, onFail, ask }) => ({ id, when, undo, timeout, onFail, ask })),
    [
      { id: 'stop-cron', when: undefined, undo: undefined, timeout: undefined, onFail: 'stop', ask: true },
      {
        id: 'end-mailers',
        when: clause('count', { at_least: 1 }, 'mailers'),
        undo: undefined,
        timeout: undefined,
        onFail: 'ask',
        ask: true,
      },
      {
        id: 'empty',
        when: undefined,
        undo: { kind: 'note', text: 'restore them from the backup' },
        timeout: 3_600_000,
        onFail: 'stop',
        ask: true,
      },
      { id: 'start-cron', when: undefined, undo: undefined, timeout: undefined, onFail: 'stop', ask: false },
    ],
  );
  assert.deepEqual(
    runbook.verify[0]?.hold?.map(({ of, condition }) => [of, condition]),
    [
      ['mailers', clause('count', { at_most: 0 })],
      ['mail', clause('growth', { at_most: 0 })],
    ],
  );
  assert.deepEqual(
    runbook.open.map(({ say, when }) => [say, when]),
    [['The post is still down.', clause('state', { is_not: 'running' }, 'post')]],
  );
});

test('each part of a runbook knows its place, and none can be changed', async () => {
  const runbook = await storm();
  assert.deepEqual(runbook.act[1]?.place, { file: 'storm.yaml', line: 38, column: 5, length: 15 });
  assert.deepEqual(runbook.params[4]?.place, { file: 'storm.yaml', line: 13, column: 3, length: 5 });
  assert.throws(() => Object.assign(runbook.act[0]?.arg as object, { restore_within: '9h' }), TypeError);
});

test('the hash is that of the text’s bytes', async () => {
  assert.equal((await storm()).source.hash, createHash('sha256').update(STORM).digest('hex'));
});

test('only the verbs that a runbook uses are loaded', async () => {
  const loaded: string[] = [];
  const text = 'firebreak: 1\nrunbook: a\nversion: 1.0.0\ntitle: a\ndiagnose:\n  - {id: d, disk: {path: /}}\n';
  const result = await loadRunbook({ path: 'a.yaml', text, catalogue: testCatalogue(loaded) });
  assert.equal(result.ok, true);
  assert.deepEqual(loaded, ['probe disk']);
});

test('`run` is a probe if it reads and an action if it writes', async () => {
  const text = `firebreak: 1
runbook: a
version: 1.0.0
title: a
diagnose:
  - {id: one, run: {argv: [ls], effect: read}, expect: {exit: 0}}
act:
  - {id: two, why: w, run: {argv: [ls], effect: read}, expect: {exit: 0}}
  - {id: three, why: w, run: {argv: [rm], effect: write}}
verify:
  - {id: four, run: {argv: [ls], effect: read}, expect: {exit: 0}}
`;
  const loaded: string[] = [];
  const result = await loadRunbook({ path: 'a.yaml', text, catalogue: testCatalogue(loaded) });
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(loaded, ['probe run', 'probe run', 'action run', 'probe run']);
  const wrong = text
    .replace('one, run: {argv: [ls], effect: read}', 'one, run: {argv: [ls], effect: write}')
    .replace(', expect: {exit: 0}}', '}');
  assert.deepEqual((await problemsIn(wrong)).map(brief), ['6:41+5 wrong-phase']);
});

test('x- keys are notes wherever the language has keys, and are not read', async () => {
  const noted = STORM.replace('title: a storm', 'x-owner: {team: [mail]}\ntitle: a storm')
    .replace('  - id: inodes', '  - x-why: because\n    id: inodes')
    .replace('disk: {path: $spool}', 'disk: {path: $spool, x-see: man df}');
  const loaded = await load(noted);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.value.diagnose[0]?.arg, { path: '$spool' });
});

test('every mistake of a file is told at once, in the order of the text', async () => {
  const text = STORM.replace('title: a storm', 'titel: a storm')
    .replace('default: 10m', 'default: 10')
    .replace('targets: $mailers', 'targets: $mialers')
    .replace('restore_within: $lease', 'restore_within: $lease, kill: now')
    .replace('batch: 1000', 'batch: 9999');
  assert.deepEqual((await problemsIn(text)).map(brief), [
    '4:1+5 unknown-key (title)',
    '10:36+2 bad-duration',
    '37:65+4 unknown-key',
    '40:21+8 unknown-reference ($mailers)',
    '45:37+4 limit-below-batch',
  ]);
});

test('one misspelt definition of a name that is used three times is one problem, with the lines of the uses', async () => {
  const problems = await problemsIn(STORM.replace('  - id: mailers', '  - id: mialers'));
  assert.deepEqual(
    problems.map((problem) => [brief(problem), problem.hint]),
    [
      ['40:21+8 unknown-reference ($mialers)', 'also in line 56'],
      ['41:12+7 unknown-reference (mialers)', undefined],
    ],
  );
});

test('undo can be steps, which are checked like any other', async () => {
  const undo = (steps: string) => STORM.replace('undo: restore them from the backup', `undo: ${steps}`);
  const loaded = await load(undo('[{start: {service: {name: cron}}}, {run: {argv: [sync], effect: write}}]'));
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.value.act[2]?.undo, {
    kind: 'steps',
    steps: [
      { verb: 'start', arg: { service: { name: 'cron' } } },
      { verb: 'run', arg: { argv: ['sync'], effect: 'write' } },
    ],
  });
  assert.deepEqual((await problemsIn(undo('[{start: {servce: {name: cron}}}]'))).map(brief), [
    '46:21+6 unknown-key (service)',
  ]);
  assert.deepEqual((await problemsIn(undo('[{strat: {service: {name: cron}}}]'))).map(brief), [
    '46:13+5 unknown-verb (start)',
  ]);
});

test('of a mistake that occurs a thousand times the first five hundred are reported, and the number of the others', async () => {
  const steps = [...Array(1000).keys()].map((n) => `  - {id: s${n}, dsik: {path: /}}\n`).join('');
  const problems = await problemsIn(`firebreak: 1\nrunbook: a\nversion: 1.0.0\ntitle: a\ndiagnose:\n${steps}`);
  assert.equal(problems.length, 501);
  assert.deepEqual(problems.at(-1), {
    code: 'too-many-problems',
    message: '500 more problems from here on are not shown',
    place: { file: 'storm.yaml', line: 506, column: 16, length: 4 },
  });
});

test('a parameter takes only values that fit every place where it is used', async () => {
  const text = STORM.replace(
    'limits:',
    '  sig: {type: string, default: TERM}\n  batch: {type: integer, default: 10, max: 900}\nlimits:',
  )
    .replace('signal: TERM', 'signal: $sig')
    .replace('batch: 1000', 'batch: $batch');
  const loaded = await load(text);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(
    loaded.value.params.slice(-2).map((param) => [param.name, param.enum, param.min, param.max]),
    [
      ['sig', ['TERM', 'KILL'], undefined, undefined],
      ['batch', undefined, 1, 900],
    ],
  );
  const codes = async (changed: string) => (await problemsIn(changed)).map(brief);
  assert.deepEqual(await codes(text.replace('default: TERM', 'default: TREM')), ['14:32+4 unknown-word (TERM)']);
  assert.deepEqual(await codes(text.replace('default: TERM', 'enum: [TERM, HUP]')), ['14:36+3 unknown-word']);
  assert.deepEqual(await codes(text.replace('default: 10,', 'default: 0,')), ['15:35+1 out-of-range']);
});

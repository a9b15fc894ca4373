import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindParams } from '../../../src/load/runbook/params.ts';
import type { ParameterType } from '../../../src/model/runbook/shape.ts';
import type { Parameter, Runbook } from '../../../src/model/runbook.ts';

function runbookWith(rules: Partial<Parameter> & { readonly type: ParameterType }): Runbook {
  const param: Parameter = {
    name: 'p',
    about: 'what it is',
    place: { file: 'a.yaml', line: 1, column: 1, length: 1 },
    ...rules,
  };
  return {
    name: 'a',
    version: '1.0.0',
    title: '',
    about: '',
    params: [param],
    limits: {},
    diagnose: [],
    act: [],
    verify: [],
    open: [],
    source: { path: '', hash: '', text: '' },
  };
}

function bind(rules: Partial<Parameter> & { readonly type: ParameterType }, text: string) {
  const bound = bindParams(runbookWith(rules), { p: text });
  return bound.ok ? bound.value.p : bound.problems.map((problem) => problem.code).join();
}

test('a value gets the type of its parameter', () => {
  assert.equal(bind({ type: 'string' }, '007'), '007');
  assert.equal(bind({ type: 'integer' }, '007'), 7);
  assert.equal(bind({ type: 'integer' }, '-3'), -3);
  assert.equal(bind({ type: 'boolean' }, 'false'), false);
  assert.equal(bind({ type: 'duration' }, '1h30m'), '1h30m');
  assert.equal(bind({ type: 'size' }, '512MiB'), '512MiB');
  assert.equal(bind({ type: 'size' }, '4096'), 4096);
  assert.equal(bind({ type: 'percent' }, '99.5%'), '99.5%');
  assert.equal(bind({ type: 'path', under: '/var/' }, '/var/spool'), '/var/spool');
  assert.deepEqual(bind({ type: 'list' }, 'a, b,c'), ['a', 'b', 'c']);
  assert.deepEqual(bind({ type: 'list' }, '["a,b", 2]'), ['a,b', 2]);
  assert.deepEqual(bind({ type: 'list' }, ''), []);
});

test('a value that its parameter does not take is refused', () => {
  assert.equal(bind({ type: 'integer' }, '5m'), 'wrong-type');
  assert.equal(bind({ type: 'integer', min: 2 }, '1'), 'out-of-range');
  assert.equal(bind({ type: 'integer' }, '99999999999999999999'), 'wrong-type');
  assert.equal(bind({ type: 'boolean' }, 'yes'), 'wrong-type');
  assert.equal(bind({ type: 'duration' }, '15'), 'bad-duration');
  assert.equal(bind({ type: 'duration', max: 60_000 }, '2m'), 'out-of-range');
  assert.equal(bind({ type: 'size' }, '5 apples'), 'bad-size');
  assert.equal(bind({ type: 'percent' }, '5'), 'bad-percent');
  assert.equal(bind({ type: 'path' }, 'var/spool'), 'bad-path');
  assert.equal(bind({ type: 'path', under: '/var/spool' }, '/var/spool/../lib'), 'bad-path');
  assert.equal(bind({ type: 'path', under: '/var/spool' }, '/var/spool2'), 'bad-path');
  assert.equal(bind({ type: 'path', under: '/var/spool' }, '/var/spool'), 'bad-path');
  assert.equal(bind({ type: 'string', enum: ['red', 'green'] }, 'gren'), 'unknown-word');
  assert.equal(bind({ type: 'string', patterns: ['[a-z]+'] }, 'abc; rm'), 'bad-value');
  assert.equal(bind({ type: 'list', patterns: ['[a-z]+'] }, 'a,B'), 'bad-value');
  assert.equal(bind({ type: 'string', patterns: ['[a-z]+', '.{2}'] }, 'abc'), 'bad-value');
  assert.equal(bind({ type: 'string', regex: true }, 'a(?=b)'), 'bad-pattern');
  assert.equal(bind({ type: 'string', regex: true }, '^a+$'), '^a+$');
  assert.equal(bind({ type: 'list' }, '["a"'), 'bad-value');
  assert.equal(bind({ type: 'list' }, '[["a"]]'), 'wrong-type');
  assert.equal(bind({ type: 'string' }, '$other'), 'reference-not-allowed');
});

test('what could become an option, a second line or the end of a text is refused, unless it was declared', () => {
  for (const type of ['string', 'path', 'list'] as const) {
    for (const text of ['-rf', 'a\nb', 'a\0b', 'a\rb'])
      assert.match(String(bind({ type }, text)), /^bad-/, `${type} ${JSON.stringify(text)}`);
  }
  assert.equal(bind({ type: 'string', enum: ['-1', '+1'] }, '-1'), '-1');
  assert.equal(bind({ type: 'string', patterns: ['-[0-9]'] }, '-9'), '-9');
  assert.match(String(bind({ type: 'string', patterns: ['[^x]*'] }, '-\n')), /^bad-/);
});

test('problems are reported at the option, with the word that was probably meant', () => {
  const bound = bindParams(runbookWith({ type: 'integer' }), { q: '1' });
  assert.deepEqual(bound, {
    ok: false,
    problems: [
      {
        code: 'unknown-param',
        message: 'a has no parameter `q`',
        allowed: ['p'],
        place: { file: '--param', line: 1, column: 1, length: 1 },
      },
      {
        code: 'missing-param',
        message: '`p` has no default and no value',
        hint: '--param p=...   (what it is)',
        place: { file: '--param', line: 1, column: 1, length: 1 },
      },
    ],
  });
  const typo = bindParams(
    {
      ...runbookWith({ type: 'integer', default: 1 }),
      params: [{ ...(runbookWith({ type: 'integer', default: 1 }).params[0] as Parameter), name: 'ticks' }],
    },
    { tikcs: '3' },
  );
  assert.equal(typo.ok ? '' : typo.problems[0]?.suggestion, 'ticks');
});

test('defaults fill in what was not given', () => {
  assert.deepEqual(bindParams(runbookWith({ type: 'duration', default: '10m' }), {}), {
    ok: true,
    value: { p: '10m' },
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, problemsIn } from './storm.ts';

const HEAD = `firebreak: 1
runbook: a
version: 1.0.0
title: a
diagnose:
  - {id: hung, processes: {name: sendmail}, expect: {count: {at_least: 1}}}
  - {id: mail, files: {in: /var/spool}}
`;
const VERIFY = 'verify:\n  - {id: look, disk: {path: /}, expect: {inodes_free: {at_least: 20%}}}\n';

/** The act phase starts in line 8, its first step in line 9. */
async function act(steps: readonly string[], rest = VERIFY): Promise<readonly string[]> {
  const text = `${HEAD}act:\n${steps.map((step) => `  - {why: w, ${step}}\n`).join('')}${rest}`;
  return (await problemsIn(text)).map(brief);
}

const KILL = 'id: k, kill: {targets: $hung}';
const DELETE = 'id: d, delete: {targets: $mail}';
const EDIT = 'id: e, edit: {file: /etc/crontab}';
const stop = (service: string, more = '') => `id: s, stop: {service: ${service}}${more}`;
const start = (service: string) => `id: t, start: {service: ${service}}`;
const WATCH = 'verify:\n  - {id: w, watch: {for: 10m, every: 15s}, hold: [{of: $mail, growth: 0}]}\n';
const PROVEN =
  'verify:\n  - {id: w, watch: {for: 10m, every: 15s, proof: {cron_minutes: 2}}, hold: [{of: $mail, growth: 0}]}\n';

test('the founding order has no problem: kill, delete, edit', async () => {
  assert.deepEqual(await act([KILL, DELETE, EDIT]), []);
});

test('a delete before the kill of the processes that refill the folder is a problem', async () => {
  assert.deepEqual(await act([DELETE, KILL]), ['9:21+6 delete-before-kill']);
});

test('an edit before the delete that gives it an inode is a problem', async () => {
  assert.deepEqual(await act([KILL, EDIT, DELETE]), ['10:21+4 edit-before-delete']);
});

test('an act phase that is never verified is a problem', async () => {
  assert.deepEqual(await act([KILL], ''), ['8:1+3 act-without-verify']);
});

test('a stopped service must be started again, unless an `undo` tells how', async () => {
  assert.deepEqual(await act([stop('{name: nginx}')]), ['9:21+4 stopped-never-started']);
  assert.deepEqual(await act([stop('{name: nginx}'), start('{name: postfix}')]), ['9:21+4 stopped-never-started']);
  assert.deepEqual(await act([start('{name: nginx}'), stop('{name: nginx}').replace('id: s', 'id: u')]), [
    '10:21+4 stopped-never-started',
  ]);
  assert.deepEqual(await act([stop('{name: nginx}'), start('{name: nginx}')]), []);
  assert.deepEqual(await act([stop('{first_of: [nginx, httpd]}'), start('{first_of: [httpd, nginx]}')]), []);
  assert.deepEqual(await act([stop('{name: nginx}', ', undo: start nginx once the leak is closed')]), []);
});

test('an undo step has its verb and a `why`; keys without an effect there are problems', async () => {
  const undo = (...parts: readonly string[]) => act([`${KILL}, undo: [${parts.join(', ')}]`]);
  assert.deepEqual(await undo('{why: w, edit: {file: /etc/crontab}}', '{start: {service: {name: cron}}}'), []);
  assert.deepEqual(await undo('{id: u, edit: {file: /etc/crontab}}'), ['9:53+2 misplaced-key']);
  assert.deepEqual(await undo('{edit: {file: /etc/crontab}, on_fail: continue}'), ['9:81+7 misplaced-key']);
  assert.deepEqual(await undo('{disk: {path: /}}'), ['9:53+4 unknown-verb']);
  assert.deepEqual(await undo('{stop: {service: {name: cron}, restore_within: 5m}}'), ['9:83+14 misplaced-key']);
  assert.deepEqual(await undo('{run: {argv: [ls], effect: read}}'), ['9:71+6 misplaced-key']);
  assert.deepEqual(await undo('{edit: {file: /etc/crontab}, start: {service: {name: cron}}}'), [
    '9:81+5 several-verbs',
  ]);
});

test('a watch needs `proof` after a stop of cron, and cannot have it after a stop of another service', async () => {
  assert.deepEqual(await act([stop('{name: cron}'), start('{name: cron}')], WATCH), ['12:13+5 verify-without-proof']);
  assert.deepEqual(await act([stop('{name: cron}'), start('{name: cron}')], VERIFY), ['11:1+6 verify-without-proof']);
  assert.deepEqual(await act([stop('{name: cron}'), start('{name: cron}')], PROVEN), []);
  assert.deepEqual(await act([stop('{name: nginx}'), start('{name: nginx}')], WATCH), []);
});

test('a runbook without a step is a problem', async () => {
  assert.deepEqual((await problemsIn('firebreak: 1\nrunbook: a\nversion: 1.0.0\ntitle: a\n')).map(brief), [
    '1:1+12 no-steps',
  ]);
});

test('a step without a verb, a watch without hold and a watch in act are problems', async () => {
  assert.deepEqual(await act(['id: v']), ['9:5+15 missing-verb']);
  assert.deepEqual(await act([KILL], 'verify:\n  - {id: w, watch: {for: 10m, every: 15s}}\n'), ['11:5+38 missing-key']);
  assert.deepEqual(await act(['id: w, watch: {for: 10m, every: 15s}']), ['9:21+5 wrong-phase']);
});

test('all_of, any_of and none_of nest, in expect, when and hold', async () => {
  const text = `${HEAD}  - id: both
    disk: {path: /}
    when: {any_of: [{hung: {count: 1}}, {none_of: [{mail: {count: {at_most: 3}}}]}]}
    expect: {all_of: [{inodes_free: 5%}, {none_of: [{blocks_free: {at_least: 1GiB}}]}]}
verify:
  - {id: w, watch: {for: 10m, every: 15s}, hold: [{of: $mail, any_of: [{growth: 0}, {count: [1, 2]}]}]}
`;
  assert.deepEqual((await problemsIn(text)).map(brief), []);
  const wrong = text
    .replace('{inodes_free: 5%}', 'inodes_free')
    .replace('{growth: 0}', '{grwth: 0}')
    .replace('{hung: {count: 1}}', '{hnug: {count: 1}}');
  assert.deepEqual((await problemsIn(wrong)).map(brief), [
    '10:22+4 unknown-reference (hung)',
    '11:23+11 wrong-type',
    '13:73+5 unknown-measure (growth)',
  ]);
});

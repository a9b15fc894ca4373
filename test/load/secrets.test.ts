import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRunbook } from '../../src/load/load.ts';
import { bindParams } from '../../src/load/runbook/params.ts';
import { secretsOf } from '../../src/model/runbook/scope.ts';
import type { Runbook } from '../../src/model/runbook.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';

const HEAD = 'firebreak: 1\nrunbook: a\nversion: 1.0.0\ntitle: t\n';
const DECIDES = "diagnose:\n  - {id: up, run: {argv: ['true'], effect: read}, expect: {exit: 0}}\n";
const PROVES = "verify:\n  - {id: ok, run: {argv: ['true'], effect: read}, expect: {exit: 0}}\n";
const VERIFY = DECIDES + PROVES;
const ACT = (run: string) => `act:\n  - {id: tell, why: they must know, run: {effect: write, ${run}}}\n`;
const PARAM = (more = '') => `params: {token: {type: secret, about: of the API${more}}}\n`;

async function load(text: string, used = '') {
  return loadRunbook({
    path: 'a.yaml',
    text,
    catalogue: folderCatalogue(),
    findUsed: (name) => ({ path: name, text: used }),
  });
}

async function loaded(text: string, used = ''): Promise<Runbook> {
  const result = await load(text, used);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.problems));
  return result.value;
}

async function problems(text: string): Promise<readonly string[]> {
  const result = await load(text);
  return result.ok ? [] : result.problems.map(({ code, place }) => `${place.line}:${place.column} ${code}`);
}

test('a secret may go to a command by its environment and its input', async () => {
  const runbook = await loaded(HEAD + PARAM() + ACT('argv: [curl], env: {TOKEN: $token}, stdin: $token') + VERIFY);
  const secrets = secretsOf(runbook, { token: 'file:/etc/token' });
  assert.deepEqual(secrets, [
    { $secret: 'token', from: 'file:/etc/token' },
    { $secret: 'token', from: 'file:/etc/token' },
  ]);
});

test('a secret in a command line, in a shell text, in another verb, or in a condition is a problem at its place', async () => {
  assert.deepEqual(await problems(HEAD + PARAM() + ACT('argv: [curl, $token]') + VERIFY), ['7:71 secret-in-argv']);
  assert.deepEqual(await problems(`${HEAD}${PARAM()}act:\n  - {id: e, why: w, delete: {targets: $token}}\n${VERIFY}`), [
    '7:39 secret-misplaced',
  ]);
  const expects = "diagnose:\n  - {id: d, run: {argv: ['true'], effect: read}, expect: {stdout: {one_of: $token}}}\n";
  assert.deepEqual(
    (await problems(HEAD + PARAM() + expects + ACT('argv: [x]') + PROVES)).map((one) => one.split(' ')[1]),
    ['secret-misplaced'],
  );
});

test('a value in place of a secret’s reference is refused, and the message does not repeat it', async () => {
  for (const value of [
    'hunter2-hunter2',
    'file:relative',
    'env:NOT-A-NAME',
    "'command:echo $HOME'",
    "'command:[1]'",
    "'command:'",
    '$other',
    '7',
  ]) {
    const result = await load(HEAD + PARAM(`, default: ${value}`) + ACT('argv: [x], env: {T: $token}') + VERIFY);
    assert.deepEqual(
      [value, result.ok ? [] : result.problems.map(({ code }) => code)],
      [value, ['bad-secret']],
      JSON.stringify(result),
    );
    assert.ok(
      result.ok || !JSON.stringify(result.problems.map(({ message, hint }) => [message, hint])).includes('hunter2'),
    );
  }
  assert.deepEqual(await problems(HEAD + PARAM(', pattern: a+') + ACT('argv: [x], env: {T: $token}') + VERIFY), [
    '5:51 misplaced-key',
  ]);
});

test('only the author chooses a command: a runbook may name one, --param may not', async () => {
  const runbook = await loaded(
    HEAD + PARAM(", default: 'command:pass show api'") + ACT('argv: [x], env: {T: $token}') + VERIFY,
  );
  const bind = (given: Readonly<Record<string, string>>) => {
    const bound = bindParams(runbook, given);
    return bound.ok ? bound.value.token : bound.problems.map(({ code }) => code).join();
  };
  assert.equal(bind({}), 'command:pass show api');
  assert.equal(bind({ token: 'file:/etc/token' }), 'file:/etc/token');
  assert.equal(bind({ token: 'env:TOKEN' }), 'env:TOKEN');
  assert.equal(bind({ token: 'command:id' }), 'secret-command');
  assert.equal(bind({ token: 'hunter2-hunter2' }), 'bad-secret');
});

const USED = HEAD.replace('runbook: a', 'runbook: b') + PARAM() + ACT('argv: [x], env: {T: $token}') + VERIFY;
const USES = (given: string, params = '') =>
  `${HEAD}${params}act:\n  - {id: other, why: w, runbook: {use: ./b.yaml, with: {token: ${given}}}}\n${VERIFY}`;

test('a runbook can hand its secret, or the place of one, to a runbook that it uses', async () => {
  const handed = await loaded(USES('$mine', 'params: {mine: {type: secret}}\n'), USED);
  assert.deepEqual(secretsOf(handed, { mine: 'env:MINE' }), [{ $secret: 'mine', from: 'env:MINE' }]);
  const written = await loaded(USES("'command:pass show api'"), USED);
  assert.deepEqual(secretsOf(written, {}), [{ $secret: 'other.token', from: 'command:pass show api' }]);
});

test('a parameter that anybody may type is not handed on as a secret, nor a secret as a text', async () => {
  const texts = await load(USES('$mine', 'params: {mine: {type: string}}\n'), USED);
  assert.deepEqual(texts.ok ? [] : texts.problems.map(({ code }) => code), ['reference-of-wrong-kind']);
  const secret = await load(
    USES('$mine', 'params: {mine: {type: secret}}\n'),
    USED.replace('type: secret', 'type: string'),
  );
  assert.deepEqual(secret.ok ? [] : secret.problems.map(({ code }) => code), ['secret-misplaced']);
});

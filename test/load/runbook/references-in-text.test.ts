import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRunbook } from '../../../src/load/load.ts';
import { folderCatalogue } from '../../../src/wiring/catalogue.ts';
import { complaints } from '../../support/real-verbs.ts';

const INSIDE = 'stands inside a text, where it is not replaced';
const WHOLE = 'a reference is the whole value: make the whole text a parameter, or write';

/** One probe in line 9, after the parameters `port` and `host` and the step `up`. */
const looks = (step: string) => `params:
  port: {type: integer, default: 80, about: p}
  host: {type: string, default: x, about: h}
diagnose:
  - {id: up, run: {argv: [curl, $host, $port], effect: read}, expect: {exit: 0}}
  - {id: a, ${step}}
`;
const run = (run: string, more = '') => complaints(looks(`run: {${run}, effect: read}, expect: {exit: 0${more}}`));

test('a parameter or a step inside of an argument is an error, wherever the argument stands', async () => {
  const told = (at: string, name: string, what = `$$${name} where the text itself is meant`) => [
    `10:${at} reference-in-text: \`$${name}\` ${INSIDE} (${WHOLE} ${what})`,
  ];
  assert.deepEqual(await run("argv: [curl, 'http://127.0.0.1:$port/']"), told('32', 'port'));
  assert.deepEqual(await run("argv: [curl, 'http://127.0.0.1:${port}/']"), told('32', 'port'));
  assert.deepEqual(await run("argv: [curl, 'http://127.0.0.1:{{ port }}/']"), told('32', 'port'));
  assert.deepEqual(await run("argv: [echo, 'x$port-old']"), told('32', 'port'));
  assert.deepEqual(await run("argv: [echo, 'seen: $up']"), told('32', 'up'));
  assert.deepEqual(await run("argv: [env], env: {URL: 'http://$host/'}"), told('43', 'host'));
  assert.deepEqual(await run("argv: [cat], stdin: 'port=$port'"), told('39', 'port'));
  assert.deepEqual(
    await complaints(looks("disk: {path: '/srv/$host'}, expect: {inodes_free: 5%}")),
    told('26', 'host'),
  );
});

test('a text of a condition, of a default and for a person is shown or compared as it stands, so a reference in it is an error too', async () => {
  assert.deepEqual(await run('argv: [env]', ", stdout: {matches: 'on $host'}"), [
    `10:83 reference-in-text: \`$host\` ${INSIDE} (a reference is the whole value: make the whole text a parameter, or write [$] in a pattern)`,
  ]);
  const said = (name: string) => `this is shown as it stands: write ${name}, or what it means, without the $`;
  const text = `params:
  host: {type: string, default: x, about: h}
  url: {type: string, default: 'http://$host', about: u}
diagnose:
  - {id: a, run: {argv: [curl, $url, $host], effect: read}, expect: {exit: 0}}
act:
  - {id: m, why: 'so that $host is back', manual: {do: 'restart $host', confirm: 'it is back'}, undo: 'tell $host'}
verify:
  - {id: w, disk: {path: /}, expect: {inodes_free: 5%}}
open:
  - {say: 'look at $host'}
`;
  assert.deepEqual(await complaints(text), [
    `7:32 reference-in-text: \`$host\` ${INSIDE} (a default is a plain value, without references)`,
    `11:18 reference-in-text: \`$host\` ${INSIDE} (${said('host')})`,
    `11:56 reference-in-text: \`$host\` ${INSIDE} (${WHOLE} $$host where the text itself is meant)`,
    `11:103 reference-in-text: \`$host\` ${INSIDE} (${said('host')})`,
    `15:11 reference-in-text: \`$host\` ${INSIDE} (${said('host')})`,
  ]);
});

test('a `$word` that names nothing in this file belongs to another language, and so does a text for a shell', async () => {
  for (const argv of ["[awk, '{print $NF, $1, $count}']", "[sh, -c, 'echo $HOME $x']", "[grep, -c, '^a$|^b$']"]) {
    assert.deepEqual(await run(`argv: ${argv}`), [], argv);
  }
  assert.deepEqual(await run(`shell: 'echo "$port" "$HOME" | awk "{print \\$NF}"', env: {port: $port}`), []);
});

test('names of the command’s environment may stand in its arguments', async () => {
  assert.deepEqual(await run(`argv: [sh, -c, 'echo "$port"'], env: {port: $port}`), []);
});

test('an argument that is a whole variable of a shell is an error: no shell reads it', async () => {
  assert.deepEqual(await run('argv: [echo, $HOME]'), [
    '10:32 bad-reference: `$HOME` is no reference: $ and a name of small letters, digits, _ and - (the text itself is written $$HOME)',
  ]);
});

test('$$name means the text $name, at the begin and inside, if this file has the name', async () => {
  const text = looks(
    "run: {argv: [echo, $$port, 'x:$$port/$${host}', 'a$$b', $port], effect: read}, expect: {exit: 0}",
  );
  const head = 'firebreak: 1\nrunbook: a\nversion: 1.0.0\ntitle: a\n';
  const loaded = await loadRunbook({ path: 'a.yaml', text: head + text, catalogue: folderCatalogue() });
  assert.deepEqual(loaded.ok && loaded.value.diagnose[1]?.arg, {
    argv: ['echo', '$$port', 'x:$port/${host}', 'a$$b', '$port'],
    effect: 'read',
    exits_that_answer: 'any',
  });
});

test('a reference in a text for people is an error in every key that is one, and so is one in a default list', async () => {
  const text = `about: what $host is
params:
  host: {type: string, default: x, about: of $host}
  hosts: {type: list, default: [$host, a], about: h}
diagnose:
  - {id: a, run: {argv: [curl, $host], effect: read}, expect: {stdout: {one_of: $hosts}}}
  - {id: b, run: {shell: 'kill $x', effect: read}, accept: [{finding: unquoted-expansion, because: $host is one}]}
act:
  - {id: m, why: w, run: {argv: [x], effect: write}, until: $host is back, undo: [{run: {argv: [y], effect: write}, why: of $a}]}
verify:
  - {id: w, disk: {path: /}, expect: {inodes_free: 5%}}
`;
  assert.deepEqual(
    (await complaints(text)).map((line) => line.replace(/ stands inside.*/, '')),
    [
      '5:8 reference-in-text: `$host`',
      '7:43 reference-in-text: `$host`',
      '8:33 reference-not-allowed: bad default: a value cannot be a reference; write $$ for a text that starts with $',
      '11:100 reference-in-text: `$host`',
      '13:61 reference-in-text: `$host`',
      '13:122 reference-in-text: `$a`',
    ],
  );
});

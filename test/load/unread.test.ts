import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from '../support/real-verbs.ts';

/** Line 6 is a probe. */
const looks = (step: string) => complaints(`diagnose:\n  - {id: a, ${step}}\n`);
const found = async (step: string) => (await looks(step)).map((line) => line.replace(/^\d+:\d+ /, ''));

test('a pattern of a shell in a name or a path is an error: nothing expands it, and it would equal nothing', async () => {
  const plain = (text: string) => `glob-not-expanded: \`${text}\` is taken as it stands: no shell expands it here`;
  assert.deepEqual(await looks("files: {in: /x, name: '*.log'}"), [
    `6:35 ${plain('*.log')} (write name: {matches: '\\.log$'})`,
  ]);
  assert.deepEqual(await found("files: {in: /x, name: [a, 'core.*']}"), [
    `${plain('core.*')} (write name: {matches: '^core\\.'})`,
  ]);
  assert.deepEqual(await found('processes: {name: nginx*}'), [
    `${plain('nginx*')} (name each program, or write args: {matches: '...'})`,
  ]);
  for (const step of ['files: {in: /srv/*/x}', "text: {file: '/var/log/a?', contains: b}", "disk: {path: '/mnt/*'}"])
    assert.match((await found(step)).join(), /^glob-not-expanded: .*name one; a step of files chooses/);
  assert.deepEqual(await looks("files: {in: /x, name: {matches: '^a.*b$'}}"), []);
});

test("a command line in one item, and a shell's words in argv, are errors: no shell reads them", async () => {
  const argv = (items: string) => found(`run: {argv: [${items}], effect: read}`);
  const shell = 'write `shell: ...` in place of argv where a shell is meant';
  assert.deepEqual(await argv("'systemctl is-active nginx'"), [
    'not-a-shell: `systemctl is-active nginx` is one item, so it is the name of one program (one item each: argv: [systemctl, is-active, nginx])',
  ]);
  assert.deepEqual(await argv("ps, aux, '|', wc, -l"), [
    `not-a-shell: \`|\` is handed to \`ps\`: no shell reads it (${shell})`,
  ]);
  assert.deepEqual(await argv("ls, x, '2>&1'"), [
    `not-a-shell: \`2>&1\` is handed to \`ls\`: no shell reads it (${shell})`,
  ]);
  assert.deepEqual(await argv("cat, '/etc/cron.d/*'"), [
    `not-a-shell: \`/etc/cron.d/*\` is taken as it stands: no shell expands it here (${shell})`,
  ]);
  for (const items of ["find, /x, -name, '*.gz', -exec, ls, '{}', ';'", "expr, '1', '>', '0'", "sh, -c, 'ls | wc'"])
    assert.deepEqual(await argv(items), [], items);
});

test('quotes of print around a value are an error: they would belong to it', async () => {
  assert.deepEqual(await found('processes: {name: “nginx”}'), [
    "curly-quotes: `“nginx”`: quotes of print belong to the text; YAML's are \" and ' (write nginx)",
  ]);
});

test('a kill of processes that are chosen by no program and no user is an error', async () => {
  const kills = (processes: string) =>
    complaints(
      `diagnose:\n  - {id: a, processes: {${processes}}, expect: {count: {at_least: 1}}}\nact:\n  - {id: k, why: w, kill: {targets: $a}}\nverify:\n  - {id: v, processes: {${processes}}, expect: {count: 0}}\n`,
    );
  assert.deepEqual(await kills('older_than: 1h'), [
    '8:21 kills-anything: this ends whatever runs: its processes are chosen by no program and no user (name them where they are looked for: processes: {name: ...}, or exe, args, started_by, user)',
  ]);
  assert.deepEqual(await kills('older_than: 1h, user: app'), []);
});

test('what can never be true is an error', async () => {
  const never = (what: string) => [`never-true: nothing is at least ${what}`];
  const count = (comparator: string) => found(`files: {in: /x}, expect: {count: ${comparator}}`);
  assert.deepEqual(await count('{at_least: 5, at_most: 2}'), never('5 and at most 2'));
  assert.deepEqual(await count('{between: [5, 1]}'), never('5 and at most 1'));
  assert.deepEqual(await count('{at_least: 5, at_most: 5}'), []);
  assert.deepEqual(await found('disk: {path: /}, expect: {space_used: {at_least: 120%}}'), [
    'out-of-range: `120%` is more than the whole, 100%',
  ]);
});

test('a word or a value of another tool is one error, with what says the same here', async () => {
  const words = async (step: string) =>
    (await complaints(step)).map((line) => line.replace(/^\d+:\d+ /, '').replace(/ is not a word that/, ''));
  const kill = (signal: string) =>
    words(
      `diagnose:\n  - {id: a, processes: {name: x}, expect: {count: 1}}\nact:\n  - {id: k, why: w, kill: {targets: $a, signal: ${signal}}}\nverify:\n  - {id: v, disk: {path: /}, expect: {space_free: {at_least: 1%}}}\n`,
    );
  assert.match((await kill('9')).join(), /^unknown-word: `9` `signal` knows \(did you mean KILL\?/);
  assert.match((await looks('files: {in: /x, type: f}')).join(), /did you mean file\?/);
  assert.match((await looks('files: {in: /x, older_than: 2 weeks}')).join(), /did you mean 14d\?/);
  assert.match((await looks('files: {in: /x}, expect: {bytes: {at_least: 10 MB}}')).join(), /did you mean 10MiB\?/);
  assert.match((await looks('disk: {path: /}, expect: {space_used: {at_least: 0.95}}')).join(), /write 95% or 0.95%/);
  assert.match((await complaints('limits: {delete: 1_000}\ndiagnose: []\n')).join(), /did you mean 1000\?.*separators/);
});

test('a step of which only the dash is written is told where it stands', async () => {
  assert.deepEqual(await complaints('diagnose:\n  - {id: a, disk: {path: /}}\n  -\n'), [
    '7:3 missing-value: `diagnose` has no value (a map is wanted)',
  ]);
});

const ACTS = `diagnose:
  - id: a
    processes: {name: x}
    expect: {count: {at_least: 1}}
  - id: f
    files: {in: /x}
  - id: d
    disk: {path: /}
    expect: {space_free: {at_most: 5%}}
act:
  - {id: k, why: w, when: {a: {count: 1}}, kill: {targets: $a}}
  - {id: s, why: w, restart: {service: {name: x}}, retry: {times: 1, every: 1s}}
verify:
  - {id: w, watch: {for: 1m, every: 10s}, hold: [{of: $a, count: {at_most: 0}}]}
open: [{say: x}]
`;

test('what other tools call a key, a measure or a combination is one error, with what it is called here', async () => {
  assert.deepEqual(await complaints(ACTS), []);
  for (const [from, to, meant] of [
    ['in: /x', 'path: /x', 'in'],
    ['in: /x', 'in: /x, mtime: 1d', 'older_than'],
    ['in: /x', 'in: /x, glob: a', 'name'],
    ['name: x}\n', 'cmdline: x}\n', 'args'],
    ['name: x}\n', 'name: x, ppid: 1}\n', 'started_by'],
    ['path: /}', 'mount: /}', 'path'],
    ['space_free', 'free', 'space_free'],
    ['targets: $a', 'name: x', 'targets'],
    ['service: {name: x}', 'name: x', 'service'],
    ['every: 1s', 'delay: 1s', 'every'],
    ['times: 1', 'attempts: 1', 'times'],
    ['say: x', 'text: x', 'say'],
    ['{a: {count: 1}}', '{or: [{a: {count: 1}}]}', 'any_of'],
    ['{a: {count: 1}}', '{not: {a: {count: 1}}}', 'none_of'],
    ['{a: {count: 1}}', '{a.count: 1}', 'a'],
  ] as const) {
    const told = await complaints(ACTS.replace(from, () => to));
    assert.equal(told.length, 1, `${to}: ${told.join(' | ')}`);
    assert.match(told[0] ?? '', new RegExp(`did you mean ${meant}\\?`), to);
  }
});

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { RUNBOOK, STEP_KEYS } from '../../src/load/runbook/language.ts';
import { COMPARATORS } from '../../src/model/condition.ts';
import { WATCH } from '../../src/model/run/watch.ts';
import { fits } from '../../src/model/runbook/judge.ts';
import { LIMITS } from '../../src/model/runbook.ts';
import { littleDaemon } from '../support/hosts/daemon.ts';
import { paramComplaints } from '../support/real-verbs.ts';
import { setStage } from '../support/stage.ts';

/**
 * Every key that `check` accepts does what its description says. Each key has a test with its name, which fails if the
 * key is ignored. The probes are real commands that count how often they run.
 */
interface Ran {
  readonly exit: number;
  readonly out: string;
  /** How often the counting command was asked. */
  readonly asked: number;
}

const POLICY = 'firebreak_policy: 1\nallow: [{id: k, runbook: k, declared_read: allow, cool_down: 0s}]\n';

/** A probe that is false, or unknown, until it has run `from` times. */
const counting = (folder: string, from: number, otherwise = 'exit 1') =>
  `run: {shell: 'echo >> ${folder}/asked; [ $(wc -l < ${folder}/asked) -ge ${from} ] || ${otherwise}', effect: read}`;

async function run(t: TestContext, body: (folder: string) => string, command = 'run'): Promise<Ran> {
  const stage = setStage(t);
  stage.write('policy.yaml', POLICY);
  stage.write('asked', '');
  stage.write('k.yaml', `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\n${body(stage.folder)}`);
  const { exit, out, err } = await stage.firebreak([
    command,
    './k.yaml',
    ...(command === 'run' ? ['--unattended'] : []),
    '--policy',
    'policy.yaml',
  ]);
  return { exit, out: out + err, asked: readFileSync(stage.path('asked'), 'utf8').length };
}

const YES = '  - {id: yes, run: {argv: [test, -d, /], effect: read}, expect: {exit: 0}}\n';
const ACT = 'act:\n  - {id: nap, why: w, wait: {for: 1ms}}\n';
const OK = 'verify:\n  - {id: ok, disk: {path: /}, expect: {space_free: {at_least: 0%}}}\n';
const diagnose = (step: string, rest = ACT + OK) => `diagnose:\n  - {id: a, ${step}}\n${rest}`;

// ---------------------------------------------------------------- retry, timeout

const RETRY = 'retry: {times: 2, every: 1ms}';

test('retry: a probe of diagnose is asked again until it holds, and no more often than it says', async (t) => {
  assert.deepEqual(
    await run(t, (folder) => diagnose(`${counting(folder, 3)}, expect: {exit: 0}, ${RETRY}`)).then(told),
    [0, 3],
  );
  assert.deepEqual(
    await run(t, (folder) => diagnose(`${counting(folder, 4)}, expect: {exit: 0}, ${RETRY}`)).then(told),
    [2, 3],
  );
  assert.deepEqual(await run(t, (folder) => diagnose(`${counting(folder, 2)}, expect: {exit: 0}`)).then(told), [2, 1]);
});

test('retry: a probe that could not ask is asked again as well', async (t) => {
  const of = (more: string) =>
    run(t, (folder) => diagnose(`${counting(folder, 2, 'exit 2')}, expect: {stdout: ''}${more}`)).then(told);
  assert.deepEqual(await of(`, ${RETRY}`), [0, 2]);
  assert.deepEqual(await of(''), [7, 1]);
});

test('retry: a probe of verify and the look of a watch are asked again too', async (t) => {
  const verify = (more: string) =>
    run(
      t,
      (folder) => `diagnose:\n${YES}${ACT}verify:\n  - {id: v, ${counting(folder, 2)}, expect: {exit: 0}${more}}\n`,
    ).then(told);
  assert.deepEqual(await verify(`, ${RETRY}`), [0, 2]);
  assert.deepEqual(await verify(''), [4, 1]);
  const watch = (more: string) =>
    run(
      t,
      (folder) =>
        `diagnose:\n${YES}  - {id: a, ${counting(folder, 3)}, expect: {exit: {at_least: 0}}${more}}\n${ACT}verify:\n  - {id: w, watch: {for: 20ms, every: 5ms}, hold: [{of: $a, exit: 0}]}\n`,
    ).then(({ exit }) => exit);
  assert.equal(await watch(`, ${RETRY}`), 0);
  assert.equal(await watch(''), 4);
});

test('timeout: a look that is cut short is unknown, in diagnose, in verify and in a watch', async (t) => {
  const slow = "run: {argv: [sleep, '20'], effect: read}";
  const cut = await run(t, () => diagnose(`${slow}, expect: {exit: 0}, timeout: 50ms`));
  assert.equal(cut.exit, 7);
  assert.match(cut.out, /a: could not look: it did not end within 50 ms \(timeout\)/);
  const grows = await run(t, (folder) =>
    diagnose(`files: {in: ${folder}/spool, over: 20s}, expect: {growth: {at_most: 0}}, timeout: 50ms`),
  );
  assert.equal(grows.exit, 7);
  const verify = await run(
    t,
    () => `diagnose:\n${YES}${ACT}verify:\n  - {id: v, ${slow}, expect: {exit: 0}, timeout: 50ms}\n`,
  );
  assert.equal(verify.exit, 7);
  const watch = await run(
    t,
    (folder) =>
      `diagnose:\n${YES}  - {id: a, files: {in: ${folder}/spool, over: 20s}, decisive: false, timeout: 50ms}\n${ACT}verify:\n  - {id: w, watch: {for: 20ms, every: 5ms}, hold: [{of: $a, growth: {at_most: 0}}]}\n`,
  );
  assert.equal(watch.exit, 7);
  assert.match(watch.out, /could not always be looked at: a: /);
});

test('timeout: an act goes to its next safe point, and the step has failed', async (t) => {
  const { exit, out } = await run(
    t,
    () => `diagnose:\n${YES}act:\n  - {id: nap, why: w, wait: {for: 20s}, timeout: 50ms}\n${OK}`,
  );
  assert.notEqual(exit, 0);
  assert.match(out, /nap.*it did not end within 50 ms \(timeout\)/);
});

test('timeout: a verb that cannot keep it makes it an error', async (t) => {
  for (const verb of [
    'start: {service: {name: x}}',
    'edit: {file: /etc/x, remove_lines: {matching: a}}',
    'manual: {do: x}',
  ]) {
    const { exit, out } = await run(
      t,
      () => `diagnose:\n${YES}act:\n  - {id: s, why: w, ${verb}, timeout: 1s}\n${OK}`,
      'plan',
    );
    assert.equal(exit, 65, out);
    assert.match(out, /keeps no `timeout` of its step/);
  }
});

// ---------------------------------------------------------------- expect

test('exits_that_answer: an exit that is no answer is unknown, in every phase', async (t) => {
  const ask = (more = '') => `run: {shell: 'exit 2', effect: read${more}}, expect: {stdout: {is: x}}`;
  assert.equal((await run(t, () => diagnose(ask()))).exit, 7);
  assert.equal((await run(t, () => diagnose(ask(', exits_that_answer: [0, 1]')))).exit, 7);
  assert.equal((await run(t, () => diagnose(ask(', exits_that_answer: [0, 2]')))).exit, 2);
  assert.equal((await run(t, () => `diagnose:\n${YES}${ACT}verify:\n  - {id: v, ${ask()}}\n`)).exit, 7);
  const watched = `diagnose:\n${YES}  - {id: a, run: {shell: 'exit 2', effect: read}, decisive: false}\n${ACT}verify:\n  - {id: w, watch: {for: 20ms, every: 5ms}, hold: [{of: $a, stdout: ''}]}\n`;
  assert.equal((await run(t, () => watched)).exit, 7);
});

test('expect: an exit status that is compared is an answer, unless the command could not be run', async (t) => {
  const of = async (shell: string) =>
    (await run(t, () => diagnose(`run: {shell: '${shell}', effect: read}, expect: {exit: {is_not: 0}}`))).exit;
  assert.deepEqual(
    [await of('exit 3'), await of('exit 0'), await of('no-such-command-at-all'), await of('kill -9 $$')],
    [0, 2, 7, 7],
  );
});

test('decisive: a step with `decisive: false` decides nothing', async (t) => {
  const of = async (more: string) =>
    (
      await run(
        t,
        () =>
          `diagnose:\n${YES}  - {id: b, run: {shell: 'exit 1', effect: read}, expect: {exit: 0}${more}}\n${ACT}${OK}`,
      )
    ).exit;
  assert.deepEqual([await of(''), await of(', decisive: false')], [2, 0]);
});

for (const [word, yes, no] of [
  ['is', 4, 5],
  ['is_not', 5, 4],
  ['at_least', 3, 5],
  ['at_most', 5, 3],
  ['matches', '^4$', '^5$'],
  ['one_of', [3, 4], [5, 6]],
  ['between', [3, 5], [5, 6]],
] as const) {
  test(`${word}: a comparator is true of what it says and of nothing else`, () => {
    assert.deepEqual([fits(4, { [word]: yes }), fits(4, { [word]: no })], [true, false]);
  });
}

test('any_of, all_of, none_of: a line of hold is judged as a whole', async (t) => {
  const of = async (line: string) =>
    (
      await run(
        t,
        () =>
          `diagnose:\n${YES}  - {id: a, run: {shell: 'echo up', effect: read}, expect: {exit: 0}}\n${ACT}verify:\n  - {id: w, watch: {for: 20ms, every: 5ms}, hold: [{of: $a, ${line}}]}\n`,
      )
    ).exit;
  assert.equal(await of('any_of: [{stdout: down}, {stdout: up}]'), 0);
  assert.equal(await of('any_of: [{stdout: down}, {exit: 3}]'), 4);
  assert.equal(await of('all_of: [{stdout: down}, {stdout: up}]'), 4);
  assert.equal(await of('none_of: [{stdout: down}, {exit: 3}]'), 0);
  assert.equal(await of('none_of: [{stdout: down}, {stdout: up}]'), 4);
});

// ---------------------------------------------------------------- watch

/** `good` from the nth sample on, the last one included, unless `bad` names its number. */
const site = (folder: string, bad: string) =>
  `run: {shell: 'echo >> ${folder}/asked; case $(wc -l < ${folder}/asked) in ${bad}) echo down;; *) echo up;; esac', effect: read}`;

const watched = (t: TestContext, bad: string, more: string, length = '400ms') =>
  run(
    t,
    (folder) =>
      `diagnose:\n${YES}  - {id: site, ${site(folder, bad)}, expect: {exit: 0}}\n${ACT}verify:\n  - {id: w, watch: {for: ${length}, every: 50ms${more}}, hold: [{of: $site, stdout: up}]}\n`,
  );

test('for, every: a watch samples at the begin, at every interval and at the end', async (t) => {
  // The diagnosis looks once. The number of samples depends on the machine, but is never higher than this.
  const { exit, asked } = await watched(t, 'none', '');
  assert.equal(exit, 0);
  assert.ok(asked >= 3 && asked <= 10, String(asked));
});

test('tolerate: this number of bad samples is accepted, and one more is a recurrence', async (t) => {
  assert.equal((await watched(t, '3', '')).exit, 4);
  const one = await watched(t, '3', ', tolerate: 1');
  assert.equal(one.exit, 0, one.out);
  assert.match(one.out, /tolerated: site: wanted stdout is up, seen down/);
  const two = await watched(t, '3|4', ', tolerate: 1');
  assert.equal(two.exit, 4);
  assert.match(two.out, /site: wanted stdout is up, seen down; a bad sample was tolerated before/);
});

test('tolerate: a bad last sample is never tolerated', async (t) => {
  const { exit } = await run(
    t,
    (folder) =>
      `diagnose:\n${YES}  - {id: site, run: {shell: 'echo down', effect: read}, expect: {exit: 0}}\n${ACT}verify:\n  - {id: w, watch: {for: 20ms, every: 5ms, tolerate: 100}, hold: [{of: $site, stdout: up}]}\nopen: [{say: '${folder}'}]\n`,
  );
  assert.equal(exit, 4);
});

test('settle: early bad samples are shown and do not count', async (t) => {
  const of = (more: string) => watched(t, '2', more, '1s');
  assert.equal((await of('')).exit, 4);
  const settled = await of(', settle: 500ms');
  assert.equal(settled.exit, 0, settled.out);
  assert.match(settled.out, /still settling: site: wanted stdout is up, seen down/);
});

test('settle: a time that is as long as the watch is an error, and no verdict where parameters make it so', async (t) => {
  const text = (length: string) =>
    `params: {long: {type: duration, default: ${length}, about: l}}\ndiagnose:\n${YES}${ACT}verify:\n  - {id: w, watch: {for: $long, every: 5ms, settle: 50ms}, hold: [{of: $yes, exit: 0}]}\n`;
  const { exit, out } = await run(t, () => text('50ms'), 'plan');
  assert.deepEqual([exit, /`settle` is as long as the watch, 50ms: no sample would count/.test(out)], [65, true], out);
  const stage = setStage(t);
  stage.write('policy.yaml', POLICY);
  stage.write('k.yaml', `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\n${text('1m')}`);
  const short = await stage.firebreak([
    'run',
    './k.yaml',
    '--unattended',
    '--policy',
    'policy.yaml',
    '--param',
    'long=40ms',
  ]);
  assert.equal(short.exit, 7);
  assert.match(short.out + short.err, /the watch was over before it had settled \(settle: 50 ms\)/);
});

test('hold: a text is shown as a text, and an empty one as ""', async (t) => {
  const { exit, out } = await run(
    t,
    () =>
      `diagnose:\n${YES}  - {id: site, run: {shell: 'true', effect: read}, expect: {exit: 0}}\n${ACT}verify:\n  - {id: w, watch: {for: 20ms, every: 5ms}, hold: [{of: $site, stdout: up}]}\n`,
  );
  assert.equal(exit, 4);
  assert.match(out, /site: wanted stdout is up, seen ""/);
  assert.match(out, /w {2,}broken {2,}site stdout "", /);
});

// ---------------------------------------------------------------- limits and parameters

const LIMITED: Readonly<Record<(typeof LIMITS)[number], (t: TestContext, folder: string) => string>> = {
  kill: (t, folder) => {
    const child = spawn('sh', ['-c', `: ${folder}; while :; do sleep 1; done`], { stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    return `kill: {processes: {args: {matches: '${folder}; while'}}}`;
  },
  delete: (_, folder) => `delete: {files: {in: ${folder}/spool, type: file}}`,
  edit: (_, folder) => `edit: {file: ${folder}/conf, set_line: {matching: '^colour', to: colour = blue}}`,
  commands: () => "run: {argv: ['true'], effect: write}",
  services: (t) => `restart: {service: {name: ${running(t).script}}}`,
  stopped_for: (t) => `stop: {service: {name: ${running(t).script}}, restore_within: 15m}, undo: by hand`,
};

function running(t: TestContext) {
  const daemon = littleDaemon(t);
  assert.equal(spawnSync(daemon.script, ['start'], { stdio: 'ignore' }).status, 0);
  return daemon;
}

for (const name of LIMITS) {
  test(`${name}: a limit of a run is kept, and one that is raised lets it act`, async (t) => {
    const stage = setStage(t);
    const act = LIMITED[name](t, stage.folder);
    const none = name === 'stopped_for' ? '20m' : '0';
    stage.write(
      'k.yaml',
      `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\nlimits: {${name}: ${none}}\ndiagnose:\n  - {id: yes, disk: {path: /}, expect: {space_free: {at_least: 0%}}}\nact:\n  - {id: a, why: w, ${act}}\n${OK}`,
    );
    const exit = async (limit: string) =>
      (await stage.firebreak(['plan', './k.yaml', '--limit', `${name}=${limit}`])).exit;
    assert.deepEqual(
      [await exit(name === 'stopped_for' ? '1m' : '0'), await exit(name === 'stopped_for' ? '1h' : '9')],
      [5, 0],
    );
  });
}

/** A declaration with the key, a value that it accepts and one that it refuses (undefined: no value). */
const DECLARED: Readonly<
  Record<string, readonly [declared: string, good: string | undefined, bad: string | undefined]>
> = {
  type: ['type: integer', '7', 'seven'],
  default: ['type: string, default: x', undefined, '-x'],
  pattern: ["type: string, pattern: '[a-z]+'", 'abc', 'abc1'],
  enum: ['type: string, enum: [red, green]', 'red', 'blue'],
  min: ['type: duration, min: 1m', '1m', '59s'],
  max: ['type: size, max: 1KiB', '1KiB', '1025'],
  under: ['type: path, under: /var', '/var/log', '/etc'],
};

test('a parameter: each key of its declaration is kept', async () => {
  const { properties } = (RUNBOOK.properties as unknown as { params: { additionalProperties: { properties: object } } })
    .params.additionalProperties;
  assert.deepEqual(Object.keys(properties).toSorted(), [...Object.keys(DECLARED), 'about'].toSorted());
  for (const [key, [declared, good, bad]] of Object.entries(DECLARED)) {
    const text = `params: {p: {about: a, ${declared}}}\ndiagnose:\n  - {id: a, run: {argv: [echo], effect: read, env: {P: $p}}}\n`;
    const given = (value: string | undefined) => (value === undefined ? {} : { p: value });
    assert.deepEqual(await paramComplaints(text, given(good)), [], key);
    assert.equal((await paramComplaints(text, given(bad))).length, 1, key);
  }
});

test('every key of a step or a watch, and every comparator, has its test here or in the tests of steps', async () => {
  const here = readFileSync(new URL(import.meta.url), 'utf8');
  const elsewhere = ['id', 'why', 'when', 'ask', 'undo', 'on_fail', 'proof', 'accept', 'until']; // accept: test/load/runbook/shell.test.ts
  const keys = [...Object.keys(STEP_KEYS), ...Object.keys(WATCH.properties as object), ...COMPARATORS];
  const named = (key: string) => new RegExp(`test\\('[^':]*\\b${key}\\b[^':]*:|\\['${key}',`).test(here);
  assert.deepEqual(
    keys.filter((key) => !named(key) && !elsewhere.includes(key)),
    [],
  );
});

const told = ({ exit, asked }: Ran): readonly number[] => [exit, asked];

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../src/cli.ts';
import type { Io } from '../../src/commands/_command.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { stopFiles, stopSwitch } from '../../src/wiring/stop-switch.ts';
import { hostZone } from '../../src/wiring/trigger.ts';
import { assertNdjson } from '../support/event-schema.ts';
import { testIo } from '../support/test-io.ts';

// A run uses no file that others could have written, so the tests set their own umask.
process.umask(0o022);

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-policy-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let made = 0;

function write(name: string, text: string): string {
  const path = join(folder, name);
  fs.writeFileSync(path, text);
  return path;
}

/** A machine of its own: journals, lock and kill switch are nobody else's. */
function newHost(): { readonly env: Record<string, string>; readonly stop: string; readonly state: string } {
  const home = join(folder, `host-${++made}`);
  fs.mkdirSync(join(home, 'firebreak'), { recursive: true });
  const state = join(home, 'state');
  const env = {
    PATH: '/usr/bin:/bin',
    FIREBREAK_STATE: state,
    FIREBREAK_LOCK: `policy-test-${process.pid}-${made}`,
    XDG_CONFIG_HOME: home,
  };
  return { env, stop: join(home, 'firebreak/stop'), state };
}

async function firebreak(
  argv: readonly string[],
  given: Partial<Io> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err } = testIo({ env: newHost().env, cwd: folder, user: 'ada', ...given });
  const code = await main(argv, io);
  if (argv.includes('ndjson')) assertNdjson(out());
  return { code, out: out(), err: err() };
}

const marker = join(folder, 'touched');
const RUNBOOK = write(
  'mark.yaml',
  `firebreak: 1
runbook: mark
version: 1.2.3
title: leaves a mark
params:
  seconds: {type: integer, default: 0, about: how long it takes}
diagnose:
  - {id: always, run: {argv: ['true'], effect: read}, expect: {exit: {is: 0}}}
act:
  - {id: mark, why: to be seen, run: {argv: [sh, -c, 'echo x >>${marker}; exec sleep "$1"', mark, $seconds], effect: write}}
verify:
  - {id: still, run: {argv: ['true'], effect: read}, expect: {exit: {is: 0}}}
`,
);
const ALLOW = write(
  'allow.yaml',
  'firebreak_policy: 1\nallow:\n  - {id: marks, runbook: mark, declared_read: allow, declared_write: allow, params: {seconds: {at_most: 60}}}\n',
);
const UNATTENDED = ['run', RUNBOOK, '--unattended', '--policy', ALLOW, '--output', 'ndjson'];
const marks = (): number => (fs.existsSync(marker) ? fs.readFileSync(marker, 'utf8').length / 2 : 0);

test('a policy that is well is said in sentences; one that is not is told with place and meaning', async () => {
  assert.deepEqual(await firebreak(['policy', 'check', 'allow.yaml']), {
    code: 0,
    out: `ok  allow.yaml  policy: 1 rule
    marks: mark, whoever starts it, seconds at most 60, on any host, at any
    time, commands that declare to read, commands that change what only their
    author knows. At most what the runbook says, and where it says nothing kill
    50, delete 1 000, edit 5, stopped for 15 min, services 5, commands 10. On
    failure leave it for a person; may undo all but what would bring the
    incident back. A person is needed when the incident is back within 1 h of a
    fix that held.
`,
    err: '',
  });
  write('bad.yaml', 'firebreak_policy: 1\nallow:\n  - {runbook: mark, deny: [kil]}\n');
  const bad = await firebreak(['policy', 'check', 'bad.yaml']);
  assert.equal(bad.code, 65);
  assert.match(bad.err, /bad\.yaml:3:28[\s\S]*`kil` is not an action[\s\S]*kill/);
  const both = await firebreak(['policy', 'check', 'allow.yaml', 'bad.yaml', '--json']);
  assert.deepEqual(
    [
      both.code,
      JSON.parse(both.out).map(({ ok, problems }: { ok: boolean; problems: { code: string }[] }) => [
        ok,
        problems.map(({ code }) => code),
      ]),
    ],
    [
      65,
      [
        [true, []],
        [false, ['unknown-verb']],
      ],
    ],
  );
  assert.equal((await firebreak(['policy', 'check', 'none.yaml'])).code, 66);
  assert.equal((await firebreak(['policy', 'ckeck', 'allow.yaml'])).code, 64);
  assert.equal((await firebreak(['policy', 'explain', RUNBOOK])).code, 64);
});

test('a policy of an older version says which of its rules allow nothing any more, and why', async () => {
  write(
    'older.yaml',
    `firebreak_policy: 1
allow:
  - {id: pinned, runbook: cron-mail-storm@0.9.0}
  - {id: renamed, runbook: cron-mail-storm, params: {folder: /var/spool}}
  - {id: writes, runbook: mark}
  - {id: well, runbook: mark@1.2.3, declared_read: allow, declared_write: allow}
  - {id: others, runbook: not-of-the-library@3.0.0}
`,
  );
  const { code, out } = await firebreak(['policy', 'check', 'older.yaml', '--runbook', RUNBOOK], { columns: 400 });
  const version = /^version: (\S+)$/m.exec(fs.readFileSync('runbooks/cron-mail-storm.yaml', 'utf8'))?.[1];
  const storm = `cron-mail-storm@${version}`;
  assert.deepEqual(
    [code, out.split('\n').filter((line) => line.startsWith('  ! '))],
    [
      0,
      [
        `  ! rule pinned allows cron-mail-storm@0.9.0 and not ${storm}, which is what there is: read what changed, then write ${storm}`,
        `  ! rule renamed does not allow ${storm}: it has no parameter folder`,
        '  ! rule writes does not allow mark@1.2.3: always, still would run a command that its author declares to read only, and declared_read is deny',
        '  ! rule writes does not allow mark@1.2.3: mark would run a command that changes what only its author knows, and declared_write is deny',
      ],
    ],
  );
  const json = JSON.parse((await firebreak(['policy', 'check', 'older.yaml', '--json'])).out);
  assert.deepEqual(
    json[0].notes.map(({ rule }: { rule: string }) => rule),
    ['pinned', 'renamed'],
  );
});

test('what a rule allows of several hosts is said too', async () => {
  write(
    'fleet.yaml',
    'firebreak_policy: 1\nallow:\n  - {runbook: mark, fleet: {at_once: 5, share: 25%, hosts_a_day: 50}}\n  - {runbook: mark, fleet: {hosts_a_day: 1}}\n',
  );
  const { code, out } = await firebreak(['policy', 'check', 'fleet.yaml'], { columns: 300 });
  assert.equal(code, 0);
  assert.match(out, / Of\s+several hosts 5 at once, 25% of a group, 50 different hosts a day\. On failure/);
  assert.match(out, / Of\s+several hosts 1 at once, 1 different host a day\. On failure/);
  const explained = await firebreak(['policy', 'explain', RUNBOOK, '--policy', 'fleet.yaml']);
  assert.match(explained.out, /^ {7}of a fleet {4}5 at once, 25% of a group, 50 different hosts a day$/m);
});

test('an explanation says for every condition whether it holds, and exits as the run would', async () => {
  const at = ['--policy', 'allow.yaml', '--host', 'mail-1', '--at', '2026-12-24T03:00Z'];
  const yes = await firebreak(['policy', 'explain', RUNBOOK, ...at]);
  assert.deepEqual(
    [yes.code, yes.out.replace(/host is \S+\./, 'host is UTC.')],
    [
      0,
      `mark 1.2.3 on mail-1, unattended by ada, 2026-12-24 03:00 UTC
may act: rule marks allows it
The zone of the host is UTC. Every condition of a rule must hold:

rule marks allows
  yes  runbook        mark
  yes  who            whoever starts it
  yes  hosts          any host
  yes  params         seconds
  yes  during         at any time
  yes  secrets        secrets from where the runbook or this rule says
  yes  deny           every action
  yes  declared_read  commands that declare to read
  yes  declared_write commands that change what their author knows
`,
    ],
  );
  const no = await firebreak(['policy', 'explain', RUNBOOK, ...at, '--param', 'seconds=61']);
  assert.equal(no.code, 77);
  assert.match(no.out, /^refused \(exit 77\): [\s\S]*rule marks: seconds 61 is over 60$/m);
  assert.match(no.out, /^ {2}NO {3}params {9}seconds 61 is over 60$/m);
  const json = JSON.parse((await firebreak(['policy', 'explain', RUNBOOK, ...at, '--json'])).out);
  assert.deepEqual([json.rule, json.refusal, json.at, json.who], ['marks', null, '2026-12-24T03:00:00.000Z', 'ada']);
});

test('the zone of the host is that of its localtime, whatever TZ says', () => {
  const link = join(folder, 'localtime');
  fs.symlinkSync('/usr/share/zoneinfo/Asia/Kolkata', link);
  assert.equal(hostZone(link), 'Asia/Kolkata');
  assert.equal(hostZone(join(folder, 'none')), Intl.DateTimeFormat().resolvedOptions().timeZone);
});

test('the kill switch is a file of the host, one of the user, or the environment; its first line is the reason', () => {
  const { env, stop } = newHost();
  assert.deepEqual(stopFiles({ env: {}, home: '/home/ada' }), [
    '/etc/firebreak/stop',
    '/home/ada/.config/firebreak/stop',
  ]);
  assert.deepEqual(
    stopFiles({ env: { XDG_CONFIG_HOME: 'relative' }, home: '/home/ada' })[1],
    '/home/ada/.config/firebreak/stop',
  );
  const look = stopSwitch({ env, home: '/nonexistent' });
  assert.equal(look(), null);
  fs.writeFileSync(stop, 'ask ada first\nsecond line\n');
  assert.equal(look(), `the kill switch is set: ${stop}: ask ada first`);
  fs.rmSync(stop);
  fs.symlinkSync('/nonexistent', stop);
  assert.equal(look(), `the kill switch is set: ${stop}`);
  assert.equal(
    stopSwitch({ env: { ...env, FIREBREAK_STOP: '1' }, home: '/' })(),
    'the kill switch is set: FIREBREAK_STOP=1',
  );
  fs.rmSync(stop);
  fs.symlinkSync(stop, stop);
  assert.equal(look(), `the kill switch is set: ${stop}`);
});

test('a kill switch that cannot be looked for counts as set', () => {
  const { env, stop } = newHost();
  const long = { ...env, XDG_CONFIG_HOME: join(stop, 'x'.repeat(300)) };
  fs.mkdirSync(stop);
  assert.match(stopSwitch({ env: long, home: '/' })() ?? '', /cannot be looked for \(ENAMETOOLONG\)/);
});

test('with the kill switch set an unattended start ends with 77 before anything, the journal included', async () => {
  const { env, stop, state } = newHost();
  fs.writeFileSync(stop, 'maintenance\n');
  const before = marks();
  for (const argv of [
    UNATTENDED,
    ['resume', '--unattended', '--policy', ALLOW],
    ['rollback', '--unattended', '--policy', ALLOW],
  ]) {
    assert.deepEqual(await firebreak(argv, { env }), {
      code: 77,
      out: '',
      err: `firebreak: the kill switch is set: ${stop}: maintenance; nothing was started. A person at a terminal may still run it\n`,
    });
  }
  assert.deepEqual([fs.existsSync(state), marks()], [false, before]);
  assert.match(
    (await firebreak(['runs'], { env })).err,
    /the kill switch is set: .*: maintenance: nothing starts unattended/,
  );
  const explained = await firebreak(['policy', 'explain', RUNBOOK, '--policy', ALLOW], { env });
  assert.deepEqual([explained.code, explained.out.includes('the kill switch is set')], [77, true]);
});

test('the kill switch set while a command runs: it is ended, and the run ends as interrupted', async () => {
  const { env, stop } = newHost();
  const lines: string[] = [];
  const argv = [...UNATTENDED, '--param', 'seconds=60'];
  const before = marks();
  const { code } = await firebreak(argv, {
    env,
    interrupts: manualInterrupts(),
    stdout: (text) => {
      lines.push(text);
      if (text.includes('action.intended')) setTimeout(() => fs.writeFileSync(stop, 'enough\n'), 100);
    },
  });
  assert.deepEqual([code, marks()], [130, before + 1]);
  assert.match(lines.join(''), /the kill switch is set: [^"]*: enough/);
});

test('no terminal and no policy: 77 with what to do, and nothing is written', async () => {
  const { env, state } = newHost();
  const { code, err } = await firebreak(['run', RUNBOOK], { env });
  assert.equal(code, 77);
  assert.match(err, /--unattended --policy FILE/);
  assert.equal(fs.existsSync(state), false);
});

test('a fix that held cools down: the same again ends with 3 and names the run, and explain says so before', async () => {
  const { env } = newHost();
  const before = marks();
  assert.equal((await firebreak(UNATTENDED, { env })).code, 0);
  const again = await firebreak(UNATTENDED, { env });
  assert.deepEqual([again.code, marks()], [3, before + 1]);
  const [first] = JSON.parse((await firebreak(['runs', '--json'], { env })).out).toReversed();
  assert.ok(again.out.includes(`firebreak report ${first.run}`), again.out);
  const explained = await firebreak(['policy', 'explain', RUNBOOK, '--policy', ALLOW], { env });
  assert.equal(explained.code, 3);
  assert.ok(explained.out.replaceAll(/\s+/g, ' ').includes(`firebreak report ${first.run}`));
  const other = write(
    'often.yaml',
    'firebreak_policy: 1\nallow:\n  - {runbook: mark, declared_read: allow, declared_write: allow, cool_down: 0s, runs: {an_hour: 2}}\n',
  );
  const often = UNATTENDED.map((word) => (word === ALLOW ? other : word));
  assert.deepEqual(
    [(await firebreak(often, { env })).code, (await firebreak(often, { env })).code, marks()],
    [0, 5, before + 2],
  );
});

test('a start that no rule allows ends with 77, and not even a command that is declared as reading runs', async () => {
  const strict = write('strict.yaml', 'firebreak_policy: 1\nallow:\n  - {id: strict, runbook: mark}\n');
  const before = marks();
  const { code, out } = await firebreak(UNATTENDED.map((word) => (word === ALLOW ? strict : word)));
  assert.deepEqual([code, marks()], [77, before]);
  assert.match(out, /rule strict: always, still would run a command that its author declares to read only/);
  assert.ok(!out.includes('probe.found'), out);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import { base64Of } from '../../../src/model/text/bytes.ts';
import type { Act, Applied, Observation } from '../../../src/model/verb.ts';
import cronJobs from '../../../src/verbs/cron/cron_jobs.probe.ts';
import crontab from '../../../src/verbs/cron/crontab.action.ts';
import { actOn } from '../../support/act.ts';
import { cronWorld, file, header, SPOOL, textOf } from '../../support/hosts/cron-world.ts';

const NO_MAIL: JsonObject = { set_env: { MAILTO: '' } };
const MAILED: JsonObject = { mailed: true };

async function jobsStep(world: FakeWorld, selector: JsonObject = MAILED): Promise<JsonObject> {
  const finding = await cronJobs.look(actOn(world), selector);
  return { $step: 'jobs', verb: 'cron_jobs', selector, found: finding.detail };
}

async function argOf(world: FakeWorld, change: JsonObject = NO_MAIL): Promise<JsonObject> {
  return { jobs: await jobsStep(world), ...change };
}

function acting(world: FakeWorld, observation: Observation, over: Partial<Act> = {}): Act {
  return actOn(world, {
    recall: async (name) => observation.keep[name] ?? assert.fail(`nothing kept as ${name}`),
    ...over,
  });
}

function undoData(applied: Applied | Observation): Json {
  assert.equal(applied.undo?.kind, 'revert');
  return applied.undo?.kind === 'revert' ? applied.undo.data : null;
}

const world = () =>
  cronWorld(
    {
      root: `${header('once')}# rotation\n* * * * * rotate\n`,
      alice: 'MAILTO=ops\n* * * * * a\nMAILTO=dev\n* * * * * b\n',
      bob: '* * * * * quiet >/dev/null 2>&1\n',
    },
    { '/etc/crontab': 'MAILTO=root\n17 * * * * root hourly\n', '/etc/anacrontab': '1 5 cron.daily daily\n' },
  );

const SILENCED = {
  [`${SPOOL}/alice`]: `${header('a later time')}MAILTO=ops\nMAILTO=""\n* * * * * a\nMAILTO=dev\nMAILTO=""\n* * * * * b\n`,
  [`${SPOOL}/root`]: `${header('a later time')}# rotation\nMAILTO=""\n* * * * * rotate\n`,
  '/etc/crontab': 'MAILTO=root\nMAILTO=""\n17 * * * * root hourly\n',
  '/etc/anacrontab': 'MAILTO=\n1 5 cron.daily daily\n',
};

test('looking shows the diff of each file and what a person could type, and changes nothing', async () => {
  const before = world();
  const observation = await crontab.observe(actOn(before), await argOf(before));
  assert.equal(observation.verdict, 'change');
  assert.equal(observation.summary, 'set MAILTO="" for 5 jobs in 4 crontabs');
  assert.deepEqual(observation.targets.members, Object.keys(SILENCED));
  assert.deepEqual(observation.costs, { edit: 4 });
  assert.deepEqual(
    observation.blocks.map((block) => (block.kind === 'diff' ? block.path : block.kind)),
    Object.keys(SILENCED),
  );
  assert.deepEqual(observation.explain, [
    `crontab -u alice -l | sed -e '2i\\MAILTO=""' -e '4i\\MAILTO=""' | crontab -u alice -`,
    `crontab -u root -l | sed -e '2i\\MAILTO=""' | crontab -u root -`,
    `sed -i -e '2i\\MAILTO=""' /etc/crontab`,
    `sed -i -e '1i\\MAILTO=' /etc/anacrontab`,
  ]);
  assert.deepEqual(before.log, []);
});

test('what was foreseen is what is written, and the quiet crontab is not touched', async () => {
  const host = world();
  const arg = await argOf(host);
  const quiet = textOf(host, `${SPOOL}/bob`);
  const observation = await crontab.observe(actOn(host), arg);
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  assert.deepEqual([applied.outcome, applied.summary, applied.used], ['done', '4 crontabs written', { edit: 4 }]);
  assert.deepEqual(Object.fromEntries(Object.keys(SILENCED).map((path) => [path, textOf(host, path)])), SILENCED);
  assert.equal(textOf(host, `${SPOOL}/bob`), quiet);
  assert.deepEqual(
    host.log.filter((line) => line.startsWith('run')),
    ['run crontab -u alice -', 'run crontab -u root -'],
  );
  const again = await crontab.observe(actOn(host), arg);
  assert.deepEqual([again.verdict, again.summary], ['nothing', 'every chosen job is already so']);
});

test('undo puts every file back, the header of crontab aside', async () => {
  const host = world();
  const originals = Object.keys(SILENCED).map((path) => textOf(host, path));
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  const reverted = await crontab.revert(acting(host, observation), undoData(applied));
  assert.deepEqual([reverted.outcome, reverted.summary], ['done', '4 of 4 crontabs put back']);
  const body = (text: string) => text.replace(/^# DO NOT EDIT.*\n.*\n.*\n/, '');
  assert.deepEqual(
    Object.keys(SILENCED).map((path) => body(textOf(host, path))),
    originals.map(body),
  );
  const again = await crontab.revert(acting(host, observation), undoData(observation));
  assert.equal(again.outcome, 'done', 'a second undo finds nothing left to do');
});

test('undo leaves alone what somebody changed since, and says so', async () => {
  const host = world();
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  host.files.set('/etc/crontab', file('# all new\n'));
  const reverted = await crontab.revert(acting(host, observation), undoData(applied));
  assert.deepEqual(
    [reverted.outcome, reverted.summary, reverted.reason],
    ['failed', '3 of 4 crontabs put back', '/etc/crontab was changed by somebody since, it is left alone'],
  );
  assert.equal(textOf(host, '/etc/crontab'), '# all new\n');
});

test('a file that somebody changed between the look and the act stops it before anything is written', async () => {
  const host = world();
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  host.files.set('/etc/anacrontab', file('1 5 other other\n'));
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  assert.deepEqual(
    [applied.outcome, applied.reason, applied.undo],
    ['failed', '/etc/anacrontab was changed by somebody since it was looked at; look again', { kind: 'nothing' }],
  );
  assert.deepEqual(host.log, []);
});

test('a line that has moved since the diagnosis is found again, and a job that came since is silenced too', async () => {
  const host = cronWorld({ root: '* * * * * a\n' });
  const arg = await argOf(host);
  host.files.set(
    `${SPOOL}/root`,
    file('# new\n* * * * * x >/dev/null 2>&1\n* * * * * a\n@daily late\n', { mode: 0o600 }),
  );
  const observation = await crontab.observe(actOn(host), { ...arg, set_env: undefined, silence: 'redirect' });
  assert.deepEqual(
    observation.blocks.map((block) => (block.kind === 'diff' ? block.after : '')),
    ['# new\n* * * * * x >/dev/null 2>&1\n* * * * * a >/dev/null 2>&1\n@daily late >/dev/null 2>&1\n'],
  );
});

test("a crontab that crontab's own check refuses is not installed, and what was written before it is told and can be undone", async () => {
  const host = cronWorld({ alice: '* * * * * a\n', bob: '* * * * * b # REFUSED\n', root: '* * * * * c\n' });
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  assert.equal(applied.outcome, 'failed');
  assert.equal(
    applied.reason,
    `crontab -u bob - ended with 1: "-":3: bad minute; errors in crontab file, can't install.; written: ${SPOOL}/alice; not written: ${SPOOL}/bob, ${SPOOL}/root`,
  );
  assert.deepEqual(applied.used, { edit: 1 });
  assert.equal(textOf(host, `${SPOOL}/bob`), '* * * * * b # REFUSED\n');
  const reverted = await crontab.revert(acting(host, observation), undoData(applied));
  assert.equal(reverted.summary, '1 of 1 crontab put back');
  assert.equal(textOf(host, `${SPOOL}/alice`), '* * * * * a\n');
});

test("undo puts back the very bytes, also where crontab's header alone differs", async () => {
  const before = `${header('once')}* * * * * a\n`;
  const host = cronWorld({ alice: before });
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  const written = host.files.get(`${SPOOL}/alice`);
  const undo = async () => crontab.revert(acting(host, observation), undoData(applied));
  assert.deepEqual([(await undo()).outcome, textOf(host, `${SPOOL}/alice`)], ['done', before]);
  assert.ok(written);
  host.files.set(`${SPOOL}/alice`, {
    ...written,
    bytes: base64Of(`${header('a crash before the last byte')}* * * * * a\n`),
  });
  assert.deepEqual([(await undo()).outcome, textOf(host, `${SPOOL}/alice`)], ['done', before]);
});

test('a second try goes on after the file at which the first one failed', async () => {
  const host = cronWorld({ alice: '* * * * * a\n', bob: '* * * * * b\n' });
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const works = host.commands;
  host.commands = (request) =>
    request.argv.includes('bob') ? { exit: 1, stderr: 'crontabs/tmp.x: No space left on device\n' } : works(request);
  const first = await crontab.apply(acting(host, observation), arg, observation);
  assert.match(
    first.reason ?? '',
    /^crontab -u bob - ended with 1: crontabs\/tmp.x: No space left on device; written: /,
  );
  host.commands = works;
  const second = await crontab.apply(acting(host, observation), arg, observation);
  assert.deepEqual([second.outcome, second.used], ['done', { edit: 1 }]);
  assert.deepEqual(
    (undoData(second) as { files: readonly { path: string }[] }).files.map(({ path }) => path),
    [`${SPOOL}/bob`],
  );
});

test('an installer that changes what it was given is found out', async () => {
  const host = cronWorld({ root: '* * * * * a\n' });
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  host.commands = () => {
    host.files.set(`${SPOOL}/root`, file('# something else\n', { mode: 0o600 }));
    return { exit: 0 };
  };
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  assert.deepEqual([applied.outcome, applied.undo?.kind], ['failed', 'revert']);
  assert.match(applied.reason ?? '', /root was written and does not hold what was given/);
});

test('an interrupt between two files leaves the rest alone', async () => {
  const host = world();
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const stop = new AbortController();
  const applied = await crontab.apply(
    acting(host, observation, { signal: stop.signal, progress: () => stop.abort() }),
    arg,
    observation,
  );
  assert.deepEqual([applied.outcome, applied.used], ['partial', { edit: 1 }]);
});

test('the limit on edits holds at the act', async () => {
  const host = world();
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const applied = await crontab.apply(acting(host, observation, { allowance: () => 3 }), arg, observation);
  assert.deepEqual(
    [applied.outcome, applied.reason, host.log],
    ['failed', '4 crontabs would be edited, the limit allows 3', []],
  );
});

test('a line that cannot be redirected stops the step with the reason, or is left with a warning', async () => {
  const host = cronWorld({ root: '* * * * * echo "open\n* * * * * b\n' });
  const stopped = await crontab.observe(actOn(host), await argOf(host, { silence: 'redirect' }));
  assert.equal(stopped.verdict, 'cannot');
  assert.equal(
    stopped.reason,
    `1 line cannot be changed for certain: ${SPOOL}/root:1: a double quote is not closed: echo "open. Edit them by hand, use set_env, or say \`refused: leave\``,
  );
  const left = await crontab.observe(actOn(host), await argOf(host, { silence: 'redirect', refused: 'leave' }));
  assert.deepEqual(
    [left.verdict, left.warnings],
    ['change', [`left as it is, it goes on mailing: ${SPOOL}/root:1: a double quote is not closed: echo "open`]],
  );
});

test('without a look at the jobs there is nothing to go by', async () => {
  const host = world();
  const arg = { jobs: { $step: 'jobs', verb: 'cron_jobs', selector: MAILED, found: null }, ...NO_MAIL };
  assert.equal((await crontab.observe(actOn(host), arg)).verdict, 'cannot');
});

test('bytes that are no text survive', async () => {
  const host = cronWorld({ root: '# \xff\xfe\0\n* * * * * a \xe9\n' });
  const arg = await argOf(host, { silence: 'redirect' });
  const observation = await crontab.observe(actOn(host), arg);
  await crontab.apply(acting(host, observation), arg, observation);
  assert.equal(
    textOf(host, `${SPOOL}/root`),
    `${header('a later time')}# \xff\xfe\0\n* * * * * a \xe9 >/dev/null 2>&1\n`,
  );
  const [content] = await fakeHost(host).files.read([`${SPOOL}/root`]);
  assert.equal(content?.ok && content.bytes, base64Of(textOf(host, `${SPOOL}/root`)));
});

test('a crontab that is immutable stops the step before anything is written, with what to type', async () => {
  const host = world();
  const alice = host.files.get(`${SPOOL}/alice`);
  assert.ok(alice);
  alice.immutable = true;
  const observation = await crontab.observe(actOn(host), await argOf(host));
  assert.deepEqual(
    [observation.verdict, observation.reason],
    [
      'cannot',
      `1 crontab cannot be changed: ${SPOOL}/alice: not permitted; if it is immutable (lsattr -d ${SPOOL}/alice): chattr -ia ${SPOOL}/alice. Make it writable, or say \`refused: leave\``,
    ],
  );
  assert.deepEqual(host.log, []);
  const left = await crontab.observe(actOn(host), await argOf(host, { ...NO_MAIL, refused: 'leave' }));
  assert.deepEqual(
    [left.verdict, left.targets.members],
    ['change', [`${SPOOL}/root`, '/etc/crontab', '/etc/anacrontab']],
  );
  assert.match(
    left.warnings.join(),
    /^left as it is, it goes on mailing: \/var\/spool\/cron\/crontabs\/alice: not permitted/,
  );
});

test('an immutable spool stops it too, and an immutable crontab that needs no change does not', async () => {
  const host = world();
  const [spool, bob] = [host.files.get(SPOOL), host.files.get(`${SPOOL}/bob`)];
  assert.ok(spool && bob);
  bob.immutable = true;
  assert.equal((await crontab.observe(actOn(host), await argOf(host))).verdict, 'change');
  spool.immutable = true;
  const stopped = await crontab.observe(actOn(host), await argOf(host));
  assert.equal(stopped.verdict, 'cannot');
  assert.match(
    stopped.reason ?? '',
    /^2 crontabs cannot be changed: .*alice: \/var\/spool\/cron\/crontabs: not permitted; if .*root: \/var/,
  );
});

test('the crontab of a user whom cron.deny names is replaced where it lies, cron is told, and undo puts it back', async () => {
  const host = world();
  host.files.set('/etc/cron.deny', file('alice\n'));
  const before = textOf(host, `${SPOOL}/alice`);
  const crontabs = host.commands;
  host.commands = (request) => (request.argv[0] === 'touch' ? { exit: 0 } : crontabs(request));
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  assert.deepEqual(observation.warnings, [
    `replaced where it lies: ${SPOOL}/alice: crontab does not serve alice (cron.allow, cron.deny)`,
  ]);
  assert.equal(observation.explain[0], `sed -i -e '2i\\MAILTO=""' -e '4i\\MAILTO=""' ${SPOOL}/alice`);
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  assert.equal(applied.outcome, 'done', applied.reason);
  assert.deepEqual(host.log, [
    `replace ${SPOOL}/alice`,
    `run touch -c -- ${SPOOL}`,
    'run crontab -u root -',
    'replace /etc/crontab',
    'replace /etc/anacrontab',
  ]);
  const reverted = await crontab.revert(acting(host, observation), undoData(applied));
  assert.deepEqual([reverted.outcome, textOf(host, `${SPOOL}/alice`)], ['done', before]);
});

test('a user who may use crontab only with a last line that ends is read as crontab reads the list', async () => {
  const denied = async (files: Readonly<Record<string, string>>) => {
    const host = world();
    for (const [path, text] of Object.entries(files)) host.files.set(path, file(text));
    return (await crontab.observe(actOn(host), await argOf(host))).warnings.length > 0;
  };
  assert.deepEqual(
    [
      await denied({ '/etc/cron.allow': 'bob\n' }),
      await denied({ '/etc/cron.allow': 'bob\nalice\n' }),
      await denied({ '/etc/cron.allow': 'alice\n', '/etc/cron.deny': 'alice\n' }),
      await denied({ '/etc/cron.deny': '# alice\nalice ' }),
      await denied({ '/etc/cron.deny': 'alice' }),
      await denied({ '/etc/cron.deny': 'root\n' }),
    ],
    [true, false, false, true, false, false],
  );
});

test('a job that cron ignores since the diagnosis is left and named, the others are silenced', async () => {
  const host = world();
  const arg = await argOf(host);
  host.files.set(`${SPOOL}/alice`, file('* * * * * a\nnonsense\n', { uid: 1000, mode: 0o600 }));
  const observation = await crontab.observe(actOn(host), arg);
  assert.deepEqual(
    [observation.verdict, observation.targets.members, observation.warnings],
    [
      'change',
      [`${SPOOL}/root`, '/etc/crontab', '/etc/anacrontab'],
      [`left as it is, cron ignores it: ${SPOOL}/alice: cron does not understand line 2: bad minute`],
    ],
  );
});

test('a crontab that would be too long for cron once it is edited is refused, one that is too long for crontab alone is replaced', async () => {
  const long = (lines: number) => cronWorld({ alice: `${'#\n'.repeat(lines - 1)}* * * * * a\n` });
  const seen = async (lines: number) => {
    const host = long(lines);
    const { verdict, reason, warnings } = await crontab.observe(actOn(host), await argOf(host));
    return [verdict, reason ?? warnings.join()];
  };
  const [at, cut] = [`${SPOOL}/alice`, 'the crontab is longer than 10000 lines'];
  assert.deepEqual(await seen(9999), ['change', '']);
  assert.deepEqual(await seen(10_000), [
    'change',
    `replaced where it lies: ${at}: crontab would refuse it, cron takes it: it is longer than 10000 lines`,
  ]);
  assert.deepEqual(await seen(10_003), [
    'cannot',
    `1 crontab cannot be changed: ${at}: cron would ignore it once it is edited: line 10004: ${cut}. Make it writable, or say \`refused: leave\``,
  ]);
});

test("a user's edit while the files before are written is not overwritten", async () => {
  const host = world();
  const arg = await argOf(host);
  const observation = await crontab.observe(actOn(host), arg);
  const theirs = file('* * * * * theirs\n', { mode: 0o600 });
  const works = host.commands;
  host.commands = (request) => {
    host.files.set(`${SPOOL}/root`, theirs);
    return works(request);
  };
  const applied = await crontab.apply(acting(host, observation), arg, observation);
  assert.deepEqual(
    [applied.outcome, applied.reason],
    [
      'failed',
      `${SPOOL}/root was changed by somebody since it was looked at; look again; written: ${SPOOL}/alice; not written: ${SPOOL}/root, /etc/crontab, /etc/anacrontab`,
    ],
  );
  assert.equal(textOf(host, `${SPOOL}/root`), '* * * * * theirs\n');
});

test('the commands by hand keep comments that crontab -l would take for its header', async () => {
  const host = cronWorld({ alice: '# mine\n* * * * * a\n' });
  const observation = await crontab.observe(actOn(host), await argOf(host));
  assert.deepEqual(observation.explain, [
    `CRONTAB_NOHEADER=N crontab -u alice -l | sed -e '2i\\MAILTO=""' | crontab -u alice -`,
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import type { Host } from '../../../src/model/host.ts';
import { failure } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Finding } from '../../../src/model/verb.ts';
import cronJobs from '../../../src/verbs/cron/cron_jobs.probe.ts';
import type { CronJobsFound } from '../../../src/verbs/cron/jobs.ts';
import { fakeClock } from '../../support/act.ts';
import { cronWorld, file, header, SPOOL } from '../../support/hosts/cron-world.ts';

function look(world: FakeWorld, arg: Json = {}, host: Host = fakeHost(world)): Promise<Finding> {
  return cronJobs.look(
    { host, clock: fakeClock(world), signal: new AbortController().signal, progress: () => {} },
    arg,
  );
}

function detail(finding: Finding): CronJobsFound {
  return finding.detail as unknown as CronJobsFound;
}

/** `file:line user -> mails to: command` of each job. */
function said(finding: Finding): readonly string[] {
  return detail(finding).jobs.map(
    ({ file: path, line, user, mailTo, mailed, command }) =>
      `${path}:${line} ${user} -> ${mailed ? mailTo : '-'}: ${command}`,
  );
}

const ROOT = `${header('once')}# nginx log rotation\n* * * * * rotate\n*/5 * * * * agent >/dev/null 2>&1\n`;
const ETC = 'MAILTO=root\n17 * * * * root run-parts /etc/cron.hourly\n* * * * * bob cat%in\n';
const busy = () =>
  cronWorld(
    { root: ROOT, alice: 'MAILTO=""\n* * * * * quiet\nMAILTO=ops\n@daily loud\n' },
    { '/etc/crontab': ETC, '/etc/cron.d/agent': '@reboot root start\n', '/etc/anacrontab': '1 5 cron.daily daily\n' },
  );

test('every job is told with its user, its command and whom it mails', async () => {
  const finding = await look(busy());
  assert.deepEqual(said(finding), [
    `${SPOOL}/alice:2 alice -> -: quiet`,
    `${SPOOL}/alice:4 alice -> ops: loud`,
    `${SPOOL}/root:5 root -> root: rotate`,
    `${SPOOL}/root:6 root -> -: agent >/dev/null 2>&1`,
    '/etc/crontab:2 root -> root: run-parts /etc/cron.hourly',
    '/etc/crontab:3 bob -> root: cat',
    '/etc/cron.d/agent:1 root -> root: start',
    '/etc/anacrontab:1 root -> root: daily',
  ]);
  const { per_minute, ...measures } = finding.measures;
  assert.deepEqual(measures, { count: 8, mailed: 6, files: 5, users: 3, others: 0 });
  assert.equal(Number(per_minute).toFixed(4), (3 + 1 / 5 + 1 / 60 + 1 / 1440).toFixed(4));
  assert.equal(finding.summary, '8 jobs in 5 crontabs, the output of 6 is mailed');
  assert.deepEqual(
    finding.blocks.map((block) => (block.kind === 'table' ? block.rows[1] : block.kind)),
    [[`${SPOOL}/alice:4`, '@daily', 'alice', 'ops', 'loud']],
  );
});

test('the selector chooses by every word that is given', async () => {
  const chosen = async (arg: Json) => detail(await look(busy(), arg)).jobs.map((job) => job.command);
  assert.deepEqual(await chosen({ of: 'users', mailed: true }), ['loud', 'rotate']);
  assert.deepEqual(await chosen({ of: 'system', mailed: true }), [
    'run-parts /etc/cron.hourly',
    'cat',
    'start',
    'daily',
  ]);
  assert.deepEqual(await chosen({ mailed: false }), ['quiet', 'agent >/dev/null 2>&1']);
  assert.deepEqual(await chosen({ user: ['bob', 'alice'] }), ['quiet', 'loud', 'cat']);
  assert.deepEqual(await chosen({ command: { matches: '^r' } }), ['rotate', 'run-parts /etc/cron.hourly']);
  assert.deepEqual(await chosen({ schedule: ['@daily', '*/5 * * * *'] }), ['loud', 'agent >/dev/null 2>&1']);
  assert.deepEqual(await chosen({ crontabs: ['/nowhere'], system: '/etc/crontab' }), [
    'run-parts /etc/cron.hourly',
    'cat',
  ]);
});

test('crontabs without a chosen job are handed on too, with the hash that was seen', async () => {
  const { files } = detail(await look(busy(), { user: 'bob' }));
  assert.deepEqual(
    files.map(({ path, kind, owner, hash }) => `${path} ${kind} ${owner} ${hash.length}`),
    [
      `${SPOOL}/alice user alice 64`,
      `${SPOOL}/root user root 64`,
      '/etc/crontab system root 64',
      '/etc/cron.d/agent system root 64',
      '/etc/anacrontab anacron root 64',
    ],
  );
});

test('what cron ignores is named and left out', async () => {
  const line = '* * * * * root a\n';
  const world = cronWorld(
    { gone: '* * * * * a\n', 'tmp.x1y2': '* * * * * a\n', bob: '* * * * * a\nMAILTO=\n' },
    {
      '/etc/crontab': file(line, { mode: 0o664 }),
      '/etc/cron.d/x.bak': line,
      '/etc/cron.d/x~': line,
      '/etc/cron.d/.placeholder': '# no job\n',
      '/etc/cron.d/theirs': file(line, { uid: 1000 }),
      '/etc/cron.d/good': line,
      '/etc/cron.d/pipe': file('', { type: 'symlink' }),
      '/etc/cron.d/open-end': '* * * * * root a',
    },
  );
  world.files.set(`${SPOOL}/alice`, file('* * * * * a\n', { uid: 1000, mode: 0o644 }));
  world.files.set(`${SPOOL}/root`, file('* * * * * a\n', { uid: 1000, mode: 0o600 }));
  const finding = await look(world);
  assert.deepEqual(said(finding), ['/etc/cron.d/good:1 root -> root: a']);
  const reasons = Object.fromEntries(detail(finding).ignored.map(({ path, reason }) => [path, reason]));
  assert.deepEqual(reasons, {
    [`${SPOOL}/gone`]: 'there is no user gone',
    [`${SPOOL}/tmp.x1y2`]: 'it is a temporary file of crontab',
    [`${SPOOL}/bob`]: 'cron does not understand line 2: bad minute',
    [`${SPOOL}/alice`]: 'its mode is 0644',
    [`${SPOOL}/root`]: 'it has the wrong owner',
    '/etc/crontab': 'its mode is 0664',
    '/etc/cron.d/x.bak': 'its name has more than letters, digits, - and _',
    '/etc/cron.d/x~': 'its name has more than letters, digits, - and _',
    '/etc/cron.d/theirs': 'it has the wrong owner',
    '/etc/cron.d/pipe': 'it is no regular file',
    '/etc/cron.d/open-end': 'cron does not understand line 1: missing newline before the end of the file',
  });
});

test('cronie loads x.bak and leaves out only the line that it does not understand', async () => {
  const world = cronWorld(
    {},
    { '/etc/cron.d/x.bak': 'MAILTO=\n* * * * * root a\n', '/etc/cron.d/x.rpmsave': '* * * * * root b\n' },
  );
  world.files.delete('/etc/debian_version');
  assert.deepEqual(said(await look(world)), ['/etc/cron.d/x.bak:2 root -> root: a']);
});

test("a user that only the network's directory knows is no orphan", async () => {
  const world = cronWorld({ ldapuser: '* * * * * a\n' });
  world.files.set('/etc/nsswitch.conf', file('passwd: files sss\n'));
  assert.deepEqual(said(await look(world, { of: 'users' })), [`${SPOOL}/ldapuser:1 ldapuser -> ldapuser: a`]);
});

test("the owner, mode and name of a rehearsal's crontabs do not matter", async () => {
  const world = cronWorld(
    {},
    {
      '/tmp/drill': file('', { type: 'directory' }),
      '/tmp/drill/me.tab': file('* * * * * a\n', { uid: 1000, mode: 0o666 }),
    },
  );
  assert.deepEqual(said(await look(world, { of: 'users', crontabs: '/tmp/drill' })), [
    '/tmp/drill/me.tab:1 me.tab -> me.tab: a',
  ]);
});

test('a host without any crontab has no jobs', async () => {
  const world = cronWorld({});
  for (const path of [SPOOL, '/var/spool/cron', '/etc/cron.d']) world.files.delete(path);
  const finding = await look(world);
  assert.deepEqual(
    [finding.summary, finding.measures.count, finding.unknown],
    ['0 jobs in 0 crontabs, the output of 0 is mailed', 0, undefined],
  );
});

test('a folder or a crontab that cannot be read makes it unknown, never fewer jobs', async () => {
  const world = busy();
  const host = fakeHost(world);
  const denied = failure('EACCES', 'permission denied');
  const noFolder: Host = {
    ...host,
    files: {
      ...host.files,
      list: async (selector, options) => (selector.in === SPOOL ? denied : host.files.list(selector, options)),
    },
  };
  const noFile: Host = {
    ...host,
    files: {
      ...host.files,
      read: async (paths, options) =>
        (await host.files.read(paths, options)).map((content, at) => (paths[at] === '/etc/crontab' ? denied : content)),
    },
  };
  assert.equal(
    (await look(world, {}, noFolder)).unknown,
    `cannot read ${SPOOL}: permission denied (EACCES); run as root`,
  );
  world.files.set('/var/spool/link', file('', { type: 'symlink' }));
  assert.match(
    (await look(world, { crontabs: '/var/spool/link' })).unknown ?? '',
    /^cannot read \/var\/spool\/link: .*symbolic link/,
  );
  const finding = await look(world, {}, noFile);
  assert.equal(finding.unknown, 'cannot read /etc/crontab: permission denied (EACCES); run as root');
  assert.deepEqual(Object.values(finding.measures), [null, null, null, null, null, null]);
});

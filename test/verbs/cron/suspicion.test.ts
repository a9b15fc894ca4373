import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import type { ProcessRecord } from '../../../src/model/host.ts';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import cronJobs from '../../../src/verbs/cron/cron_jobs.probe.ts';
import crontab from '../../../src/verbs/cron/crontab.action.ts';
import type { CronJobsFound } from '../../../src/verbs/cron/jobs.ts';
import files from '../../../src/verbs/files/files.probe.ts';
import processes from '../../../src/verbs/processes/processes.probe.ts';
import { actOn, fakeClock } from '../../support/act.ts';
import { cronWorld, file, SPOOL, textOf } from '../../support/hosts/cron-world.ts';
import { processRecord } from '../../support/hosts/fake-processes.ts';
import { cronMail, shopMail } from '../../support/hosts/mail.ts';

const MAILDROP = '/var/spool/postfix/maildrop';
const FILES = {
  in: MAILDROP,
  type: 'file',
  holds: { format: 'postfix', header: { subject: '^Cron <(?<owner>[^<>@]+)@[^<>]+> (?<job>.*)$' } },
} as const;

/** 34 jobs in 15 crontabs, as packages bring them; each prints. */
function packages(): FakeWorld {
  const system: Record<string, string> = {
    '/etc/crontab':
      'MAILTO=root\n17 * * * * root cd / && run-parts --report /etc/cron.hourly\n25 6 * * * root run-parts daily\n47 6 * * 7 root run-parts weekly\n52 6 1 * * root run-parts monthly\n',
  };
  for (let n = 0; n < 12; n += 1)
    system[`/etc/cron.d/package-${n}`] = `* * * * * root check-${n}\n@daily root daily-${n}\n`;
  const users = {
    root: '* * * * * rotate "50\\%"\n*/5 * * * * agent\n',
    alice: '* * * * * hers\n0 4 * * * nightly\n1 1 1 1 * yearly\n@reboot up\n',
  };
  const world = cronWorld(users, system);
  world.files.set(MAILDROP, file('', { type: 'directory' }));
  return world;
}

const put = (world: FakeWorld, name: string, mail: Buffer, uid: number) =>
  world.files.set(`${MAILDROP}/${name}`, file(mail.toString('latin1'), { uid, mode: 0o700 }));

function lookOn(world: FakeWorld) {
  return { host: fakeHost(world), clock: fakeClock(world), signal: new AbortController().signal, progress: () => {} };
}

/** The jobs step with what the two steps before it found. */
async function asked(world: FakeWorld, more: JsonObject = {}): Promise<JsonObject> {
  const mail = await files.look(lookOn(world), FILES as unknown as Json);
  const mailers = await processes.look(lookOn(world), { name: ['sendmail', 'postdrop'] });
  return {
    mailed: true,
    mail_in: { $step: 'mail', verb: 'files', selector: FILES as unknown as Json, found: mail.detail },
    // Where none hangs only the mail is asked, but for the test of just that.
    ...(world.processes.length > 0 && {
      mailed_by: {
        $step: 'mailers',
        verb: 'processes',
        selector: { name: ['sendmail', 'postdrop'] },
        found: mailers.detail,
      },
    }),
    ...more,
  };
}

const chosen = async (world: FakeWorld, more?: JsonObject) => {
  const finding = await cronJobs.look(lookOn(world), await asked(world, more));
  const { jobs } = finding.detail as unknown as CronJobsFound;
  return { commands: jobs.map((job) => job.command), finding };
};

const sendmail = (to: string, more: Partial<ProcessRecord> = {}) =>
  processRecord({
    pid: 101,
    name: 'sendmail',
    args: ['/usr/sbin/sendmail', '-FCronDaemon', '-i', '-B8BITMIME', '-oem', to],
    ...more,
  });

test('of 34 jobs in 15 crontabs only those are chosen whose mail lies there', async () => {
  const world = packages();
  put(world, 'A', cronMail('root', { command: 'rotate "50%"' }), 0);
  put(world, 'B', cronMail('root', { command: 'check-3' }), 0);
  put(world, 'C', cronMail('alice', { command: 'hers (failed)' }), 1000);
  const { commands, finding } = await chosen(world);
  assert.deepEqual(commands, ['hers', 'rotate "50%"', 'check-3']);
  assert.deepEqual([finding.measures.count, finding.measures.others], [3, 31]);
  assert.equal(
    finding.summary,
    '3 jobs in 3 crontabs, the output of 3 is mailed; 31 others left alone: no mail of theirs lies there, no hung mailer can be theirs',
  );
  assert.equal((await chosen(world, { choose: 'all' })).commands.length, 34);
});

test("a mail in another user's name, and a shop's mail, point at no job", async () => {
  const world = packages();
  put(world, 'A', cronMail('root', { command: 'check-3' }), 1000);
  put(world, 'B', shopMail('Cron <root@lab> check-4'), 33);
  put(world, 'C', cronMail('alice', { command: 'hers' }), 1000);
  assert.deepEqual((await chosen(world)).commands, ['hers']);
});

test('where the mailers were ended by hand, the jobs that were due since the newest mail are chosen too', async () => {
  const world = packages();
  put(world, 'A', cronMail('root', { command: 'agent' }), 0);
  const mailed_by = { $step: 'mailers', verb: 'processes', selector: { name: ['sendmail'] }, found: { processes: [] } };
  const { commands } = await chosen(world, { mailed_by });
  assert.equal(
    commands.includes('agent') && commands.includes('check-3') && commands.includes('hers'),
    true,
    commands.join(),
  );
  assert.equal(commands.includes('nightly') || commands.includes('yearly'), false, commands.join());
});

test('a hung mailer points at the jobs that mail its recipient and were due since the job that it is of was started', async () => {
  const world = packages();
  world.processes.push(sendmail('alice', { user: 'alice', uid: 1000, age: 60_000 }));
  assert.deepEqual((await chosen(world)).commands, ['hers', 'up']);
  // The job ran for a day before it printed: cron's own process, that waits for the mailer, is as old.
  const ancestry = [{ pid: 100, name: 'cron' }];
  world.processes = [
    sendmail('alice', { user: 'alice', uid: 1000, age: 60_000, ancestry }),
    processRecord({ pid: 100, name: 'cron', age: 86_400_000 }),
  ];
  assert.deepEqual((await chosen(world)).commands, ['hers', 'nightly', 'up']);
});

test('a postdrop whose sendmail is gone, and a sendmail that reads its recipients from the mail, are told by their user', async () => {
  const world = packages();
  world.processes.push(
    processRecord({
      pid: 7,
      name: 'postdrop',
      args: ['/usr/sbin/postdrop', '-r'],
      user: 'alice',
      uid: 1000,
      age: 1000,
    }),
  );
  assert.deepEqual((await chosen(world)).commands, ['hers', 'up']);
  world.processes = [
    processRecord({
      pid: 8,
      name: 'sendmail',
      args: ['/usr/sbin/sendmail', '-FCronDaemon', '-i', '-t', '-f', 'root'],
      user: 'alice',
      uid: 1000,
      age: 1000,
    }),
  ];
  assert.deepEqual((await chosen(world)).commands, ['hers', 'up']);
});

test('where nothing points at a job, each may be it, and that is said', async () => {
  const { commands, finding } = await chosen(packages());
  assert.equal(commands.length, 34);
  assert.equal(
    finding.summary,
    '34 jobs in 15 crontabs, the output of 34 is mailed; no mail and no mailer points at one of them, so each may be it',
  );
});

test('a user who invents more subjects than are kept makes all of his own jobs suspect, and hides no other user’s', async () => {
  const world = packages();
  for (let n = 0; n < 300; n += 1) put(world, `X${n}`, cronMail('alice', { command: `invented ${n}` }), 1000);
  put(world, 'Y', cronMail('root', { command: 'check-11' }), 0);
  assert.deepEqual((await chosen(world)).commands, ['hers', 'nightly', 'yearly', 'up', 'check-11']);
});

test('a step that has not looked, or that catches no name of a job, makes it unknown', async () => {
  const world = packages();
  const unknown = async (mail_in: JsonObject) => (await cronJobs.look(lookOn(world), { mail_in })).unknown;
  const step = { $step: 'mail', verb: 'files', selector: {} };
  assert.equal(await unknown({ ...step, found: null }), 'the step of `mail_in` has not looked, or could not look');
  assert.equal(
    await unknown({ ...step, found: { count: 1 } }),
    'the step of `mail_in` has no `holds` with a group (?<job>…), which names the job',
  );
});

test('the action silences the chosen jobs alone, also once their mail is gone', async () => {
  const world = packages();
  put(world, 'A', cronMail('root', { command: 'agent' }), 0);
  const selector = await asked(world);
  const finding = await cronJobs.look(lookOn(world), selector);
  world.files.delete(`${MAILDROP}/A`);
  const arg = { jobs: { $step: 'jobs', verb: 'cron_jobs', selector, found: finding.detail }, set_env: { MAILTO: '' } };
  const observation = await crontab.observe(actOn(world), arg);
  assert.deepEqual(observation.targets.members, [`${SPOOL}/root`]);
  assert.equal(observation.summary, 'set MAILTO="" for 1 job in 1 crontab');
  const act = actOn(world, { recall: async (name) => observation.keep[name] ?? '' });
  assert.equal((await crontab.apply(act, arg, observation)).outcome, 'done');
  assert.match(
    textOf(world, `${SPOOL}/root`),
    /\n\* \* \* \* \* rotate "50\\%"\nMAILTO=""\n\*\/5 \* \* \* \* agent\n$/,
  );
});

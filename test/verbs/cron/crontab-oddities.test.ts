import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeFile } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import cronJobs from '../../../src/verbs/cron/cron_jobs.probe.ts';
import { installProblem, parseCrontab } from '../../../src/verbs/cron/crontab.ts';
import type { CronJobsFound } from '../../../src/verbs/cron/jobs.ts';
import { fakeClock } from '../../support/act.ts';
import { cronWorld, file } from '../../support/hosts/cron-world.ts';
import {
  modeOf,
  ODDITIES,
  type Oddity,
  OTHER,
  ownerUid,
  pathOf,
  saidRecipients,
  uidOf,
  userOf,
} from '../../support/hosts/crontab-oddities.ts';

const PASSWD = [
  'root:x:0:0::/root:/bin/sh',
  ...ODDITIES.map((_, at) => `${userOf(at)}:x:${uidOf(at)}:1502::/tmp:/bin/sh`),
  '',
].join('\n');

function laid(row: Oddity, at: number): FakeFile {
  const type = row.type === 'directory' ? 'directory' : row.type === undefined ? 'file' : 'symlink';
  const uid = row.type === 'foreign-symlink' ? OTHER : ownerUid(row, at);
  return file(row.text(userOf(at)), { mode: modeOf(row), uid, type, ...(row.links && { links: row.links }) });
}

/** The fake follows no links, so the crontab that one leads to is left out here: the lab has it. */
const LINKED = ODDITIES.findIndex((row) => row.type === 'symlink' && row.in === 'cron.d');

test('a crontab of any odd kind is told as the real cron takes it: what is ignored and why, and whom its jobs mail', async () => {
  const world = cronWorld({}, { '/etc/passwd': file(PASSWD) });
  for (const [at, row] of ODDITIES.entries()) if (at !== LINKED) world.files.set(pathOf(row, at), laid(row, at));
  const look = {
    host: fakeHost(world),
    clock: fakeClock(world),
    signal: new AbortController().signal,
    progress: () => {},
  };
  const finding = await cronJobs.look(look, {});
  assert.equal(finding.unknown, undefined);
  const { jobs, ignored } = finding.detail as unknown as CronJobsFound;
  const ours = Map.groupBy(jobs, (job) => job.file);
  const rows = [...ODDITIES.entries()].filter(([at]) => at !== LINKED);
  assert.deepEqual(
    rows.map(([at, row]) => ({
      odd: row.odd,
      ignored: ignored.find(({ path }) => path === pathOf(row, at))?.reason ?? '',
      mails: [
        ...new Set((ours.get(pathOf(row, at)) ?? []).flatMap((job) => (job.mailed ? [job.mailTo] : []))),
      ].toSorted(),
    })),
    rows.map(([at, row]) => ({ odd: row.odd, ignored: row.ignored?.we ?? '', mails: saidRecipients(row, at) })),
  );
});

test('what crontab would refuse to install is known without asking it', () => {
  const rows = ODDITIES.filter((row) => row.in === 'users' && row.type === undefined);
  assert.deepEqual(
    rows.map((row) => [row.odd, installProblem(parseCrontab(row.text('u'), 'user')) === null]),
    rows.map((row) => [
      row.odd,
      row.install === undefined
        ? row.ignored?.we.startsWith('cron does not understand') !== true
        : row.install === 'takes',
    ]),
  );
});

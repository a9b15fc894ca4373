import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  globSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { localHost } from '../../src/hosts/local.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Act, Look } from '../../src/model/verb.ts';
import cronJobs from '../../src/verbs/cron/cron_jobs.probe.ts';
import crontab from '../../src/verbs/cron/crontab.action.ts';
import type { CronJobsFound } from '../../src/verbs/cron/jobs.ts';
import {
  modeOf,
  ODDITIES,
  type Oddity,
  OTHER,
  ownerUid,
  pathOf,
  recipientsOf,
  saidRecipients,
  uidOf,
  userOf,
} from '../support/hosts/crontab-oddities.ts';

/**
 * Debian's own cron and crontab judge each row of the table. This file starts itself again inside the namespaces and
 * runs the tests there.
 */
const here = fileURLToPath(import.meta.url);
// ---------------------------------------------------------------- cron, its log, its mail

const HEARTBEAT = '/run/work/heartbeat';
/** One real second is 20 of cron's. */
const SPEED = 20;

/** syslog(3) takes a stream where there is no datagram socket; each message ends with a NUL. */
async function openLog(): Promise<{ readonly lines: string[]; readonly close: () => void }> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  });
  await new Promise<void>((resolve) => server.listen('/dev/log', resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { lines, close };
}

async function runCron(minutes: number, options: readonly string[] = []): Promise<void> {
  for (const path of [...globSync('/run/{mail,work}/*'), '/run/crond.reboot']) rmSync(path, { force: true });
  const [lib = ''] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  const env = { PATH: '/usr/bin:/bin', LD_PRELOAD: lib, FAKETIME: `+0 x${SPEED}`, DONT_FAKE_MONOTONIC: '1' };
  execFileSync('/usr/sbin/cron', options, { env });
  await until('cron runs its jobs', () => readIfThere(HEARTBEAT).split('\n').length > minutes);
  process.kill(Number(readFileSync('/run/crond.pid', 'utf8')), 'SIGTERM');
  await until('cron and its jobs end', () => cronProcesses() === 0);
}

function cronProcesses(): number {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.filter((pid) => /\((cron|CRON)\) [^Z]/.test(readIfThere(`/proc/${pid}/stat`))).length;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 90_000;
  while (!holds()) {
    if (Date.now() > end) assert.fail(`${what}: not within 90 s`);
    await sleep(100);
  }
}

/** Whom cron really mailed, by the job's user: what it called sendmail with. */
function mailed(): ReadonlyMap<string, readonly string[]> {
  const told = globSync('/run/mail/*').map((path) => readFileSync(path, 'latin1'));
  const pairs = told.map((mail) => {
    const [, argv = ''] = /^argv: (.*)$/m.exec(mail) ?? [];
    return { user: /^Subject: Cron <([^@]*)@/m.exec(mail)?.[1] ?? '', to: argv.split(' ').at(-1) ?? '' };
  });
  const grouped = Map.groupBy(pairs, ({ user }) => user);
  return new Map([...grouped].map(([user, list]) => [user, [...new Set(list.map(({ to }) => to))].toSorted()]));
}

// ---------------------------------------------------------------- silenced

const clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: async (ms: number) => void (await sleep(ms)),
};
const LOOK: Look = { host: localHost(), clock, signal: new AbortController().signal, progress: () => {} };

const bytesOf = () =>
  ODDITIES.map((row, at) => (row.type === 'directory' ? '' : readFileSync(pathOf(row, at), 'latin1')));
/** What cron's own log says against a file. */
const complaints = (lines: readonly string[]) =>
  [
    ...new Set(
      lines
        .filter((line) => /ERROR|INSECURE|WRONG|NUMBER|CAN'T/.test(line))
        .map((line) => line.replace(/^.*cron\[\d+\]: /, '')),
    ),
  ].toSorted();

const NOT_REDIRECTED = [
  'a command of 998 bytes',
  'a redirection that ends as on Windows',
  'an escaped percent sign',
  'a backslash that is escaped before a percent sign',
  'a shell that is not there',
];

async function silencedBy(change: JsonObject, leaves: readonly string[], log: string[]): Promise<void> {
  const before = { bytes: bytesOf(), complaints: complaints(log), mail: mailed() };
  const finding = await cronJobs.look(LOOK, { mailed: true });
  const arg = {
    jobs: { $step: 'jobs', verb: 'cron_jobs', selector: { mailed: true }, found: finding.detail },
    refused: 'leave',
    ...change,
  };
  const observation = await crontab.observe(LOOK, arg);
  assert.equal(observation.verdict, 'change', observation.reason);
  const act: Act = {
    ...LOOK,
    allowance: () => Number.POSITIVE_INFINITY,
    recall: async (name) => observation.keep[name] ?? assert.fail(`nothing kept as ${name}`),
  };
  const applied = await crontab.apply(act, arg, observation);
  assert.equal(applied.outcome, 'done', applied.reason);
  log.length = 0;
  await runCron(3);
  const left = observation.warnings.filter((warning) => warning.startsWith('left as it is, it goes on mailing'));
  const named = [...ODDITIES.entries()].filter(([at, row]) =>
    left.some((warning) => warning.includes(`${pathOf(row, at)}:`)),
  );
  assert.deepEqual(
    [...mailed().keys()].filter((user) => !named.some(([at]) => userOf(at) === user)),
    [],
  );
  assert.deepEqual(
    named.map(([, { odd }]) => odd),
    leaves,
    left.join('\n'),
  );
  assert.deepEqual(complaints(log), before.complaints);
  assert.ok(applied.undo?.kind === 'revert');
  const undone = await crontab.revert(act, applied.undo.data);
  assert.equal(undone.outcome, 'done', undone.reason);
  assert.deepEqual(bytesOf(), before.bytes);
}

// ---------------------------------------------------------------- what needs a cron of its own

const NAMES = ['plain', 'UPPER', 'under_score', 'a.example-job', 'a.b', '_x-y', 'x-dpkg-old', 'x~', '-x', 'x-', '9'];

function clean(): void {
  for (const path of [...globSync('/var/spool/cron/crontabs/*'), ...globSync('/etc/cron.d/*')])
    rmSync(path, { recursive: true });
  writeFileSync('/etc/cron.d/heartbeat', `* * * * * root echo beat >>${HEARTBEAT} 2>&1\n`);
}

async function packageNames(): Promise<void> {
  clean();
  for (const name of NAMES)
    writeFileSync(
      `/etc/cron.d/${name}`,
      `MAILTO=${name.replace(/^[^a-z]/, 'n').replaceAll('~', '+')}\n* * * * * root echo a\n`,
    );
  writeFileSync('/etc/default/cron', "READ_ENV=yes\nEXTRA_OPTS='-L 1 -l'\n");
  await runCron(2, ['-L', '1', '-l']);
  const really = mailed().get('root') ?? [];
  const { jobs } = await looked();
  assert.deepEqual(
    jobs
      .filter((job) => job.mailed)
      .map((job) => job.mailTo)
      .toSorted(),
    really,
  );
  assert.ok(really.length > 2 && really.length < NAMES.length);
}

async function fifo(): Promise<void> {
  clean();
  writeFileSync('/etc/default/cron', '');
  execFileSync('mkfifo', ['-m', '0644', '/etc/cron.d/fifo']);
  const [lib = ''] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  const env = { PATH: '/usr/bin:/bin', LD_PRELOAD: lib, FAKETIME: `+0 x${SPEED}`, DONT_FAKE_MONOTONIC: '1' };
  for (const path of globSync('/run/work/*')) rmSync(path);
  execFileSync('/usr/sbin/cron', { env });
  const wait = () =>
    globSync('/proc/[0-9]*/comm').some(
      (path) =>
        readIfThere(path) === 'cron\n' && /fifo_open|wait_for_partner/.test(readIfThere(path.replace('comm', 'wchan'))),
    );
  await until('cron waits for the FIFO', wait);
  const { ignored, jobs } = await looked();
  assert.deepEqual(ignored, [
    { path: '/etc/cron.d/fifo', reason: 'it is a FIFO: cron waits for it, and runs nothing meanwhile' },
  ]);
  assert.equal(jobs.length, 1);
  process.kill(Number(readFileSync('/run/crond.pid', 'utf8')), 'SIGKILL');
  await until('cron ends', () => cronProcesses() === 0);
  assert.equal(readIfThere(HEARTBEAT), '');
}

// ---------------------------------------------------------------- the table, laid out

function layOut(): void {
  const passwd = ODDITIES.map((_, at) => `${userOf(at)}:x:${uidOf(at)}:1502::/tmp:/bin/sh\n`).join('');
  const shadow = ODDITIES.map((_, at) => `${userOf(at)}:!:20000::::::\n`).join('');
  appendFileSync('/etc/passwd', passwd);
  appendFileSync('/etc/shadow', shadow);
  for (const path of globSync('/etc/cron.d/*')) rmSync(path);
  writeFileSync('/etc/crontab', '# none\n');
  writeFileSync('/etc/cron.d/heartbeat', `* * * * * root echo beat >>${HEARTBEAT} 2>&1\n`);
  mkdirSync('/run/aside');
  for (const [at, row] of ODDITIES.entries()) lay(row, at);
}

function lay(row: Oddity, at: number): void {
  const path = pathOf(row, at);
  if (row.type === 'directory') return void mkdirSync(path);
  const file = row.type === undefined ? path : `/run/aside/${at}`;
  writeFileSync(file, Buffer.from(row.text(userOf(at)), 'latin1'));
  chmodSync(file, modeOf(row));
  chownSync(file, ownerUid(row, at), 0);
  if (row.links === 2) linkSync(file, `${dirname(file)}/.second-${at}`);
  if (row.type === undefined) return;
  symlinkSync(file, path);
  if (row.type === 'foreign-symlink') lchownSync(path, OTHER, 0);
}

const nameInLog = (row: Oddity, at: number): string =>
  row.in === 'users' ? userOf(at) : `*system*${row.name ?? `odd-${at}`}`;

async function looked(): Promise<CronJobsFound> {
  const finding = await cronJobs.look(LOOK, {});
  assert.equal(finding.unknown, undefined);
  return finding.detail as unknown as CronJobsFound;
}

async function inside(): Promise<void> {
  const log = await openLog();
  after(log.close);
  writeFileSync('/mnt/sendmail', '#!/bin/sh\n{ printf "argv: %s\\n" "$*"; cat; } >"$(mktemp /run/mail/XXXXXX)"\n');
  layOut();
  await runCron(3);
  const mail = mailed();
  const found = await looked();
  const ours = Map.groupBy(found.jobs, (job) => job.file);

  test('cron leaves out, by its own log, what the table says, and nothing else', () => {
    const wrong = ODDITIES.flatMap((row, at) => {
      const lines = log.lines.filter(
        (line) => line.includes(`(${nameInLog(row, at)}) `) && !/\) CMD|\) END|RELOAD/.test(line),
      );
      const said = lines.some((line) => row.ignored?.log && line.includes(row.ignored.log));
      // UNSAFE MAIL is of a job, not of the file.
      const expected =
        row.ignored === undefined
          ? lines.every((line) => line.includes('UNSAFE MAIL'))
          : row.ignored.log === null
            ? lines.length === 0
            : said;
      return expected ? [] : [{ odd: row.odd, path: pathOf(row, at), lines }];
    });
    assert.deepEqual(wrong, []);
  });

  test('cron mails whom the table says', () => {
    const really = ODDITIES.map((row, at) => [row.odd, mail.get(userOf(at)) ?? []]);
    assert.deepEqual(
      really,
      ODDITIES.map((row, at) => [row.odd, recipientsOf(row, at)]),
    );
  });

  test('crontab -n takes what the table says', () => {
    const users = ODDITIES.flatMap((row, at) => (row.in === 'users' && !row.type ? [{ row, at }] : []));
    const wrong = users.flatMap(({ row, at }) => {
      writeFileSync('/run/work/tab', Buffer.from(row.text(userOf(at)), 'latin1'));
      const check = spawnSync('crontab', ['-u', userOf(at), '-n', '/run/work/tab'], { encoding: 'latin1' });
      const syntax = row.ignored?.we.startsWith('cron does not understand') === true;
      const expected = row.install ?? (syntax ? "can't install" : 'takes');
      const agrees = expected === 'takes' ? check.status === 0 : check.status !== 0 && check.stderr.includes(expected);
      return agrees ? [] : [{ odd: row.odd, expected, status: check.status, stderr: check.stderr }];
    });
    assert.deepEqual(wrong, []);
  });

  test('MAILTO="" silences all of them, cron takes each file as before, and undo brings back every byte', () =>
    silencedBy({ set_env: { MAILTO: '' } }, ['a job in line 10 003'], log.lines));
  test('redirections silence all of them but those that are named as refused', () =>
    silencedBy({ silence: 'redirect' }, NOT_REDIRECTED, log.lines));
  test('with -l, cron takes names as run-parts takes them for packages, and so do we', packageNames);
  test('a FIFO holds cron up for ever, and we say so', fifo);
  test('we say of each what cron does', () => {
    const said = ODDITIES.map((row, at) => ({
      odd: row.odd,
      ignored: found.ignored.find(({ path }) => path === pathOf(row, at))?.reason ?? '',
      mails: [
        ...new Set((ours.get(pathOf(row, at)) ?? []).flatMap((job) => (job.mailed ? [job.mailTo] : []))),
      ].toSorted(),
    }));
    assert.deepEqual(
      said,
      ODDITIES.map((row, at) => ({ odd: row.odd, ignored: row.ignored?.we ?? '', mails: saidRecipients(row, at) })),
    );
  });
}

if (process.env.ODDITIES_LAB === 'inside') await inside();
else {
  test("crontabs of every odd kind are read as Debian's own cron reads them", () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const run = spawnSync(join(dirname(here), 'cron-namespace.sh'), [process.execPath, here], {
      env: { ...env, ODDITIES_LAB: 'inside' },
      encoding: 'utf8',
      timeout: 240_000,
      maxBuffer: 2 ** 26,
    });
    assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  });
}

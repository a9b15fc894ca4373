import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { localHost } from '../../src/hosts/local.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Act, Applied, Observation } from '../../src/model/verb.ts';
import cronJobs from '../../src/verbs/cron/cron_jobs.probe.ts';
import crontab from '../../src/verbs/cron/crontab.action.ts';
import { parseCrontab, syntaxProblem, withoutHeader } from '../../src/verbs/cron/crontab.ts';

/**
 * The real cron, crontab and shell are the judges. This file starts itself again inside the namespaces and runs the
 * tests there.
 */
const here = fileURLToPath(import.meta.url);
if (process.env.CRONTAB_LAB === 'inside') inside();
else {
  test("cron's jobs are found, silenced and put back with Debian's own cron and crontab", () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const run = spawnSync(join(dirname(here), 'cron-namespace.sh'), [process.execPath, here], {
      env: { ...env, CRONTAB_LAB: 'inside' },
      encoding: 'utf8',
      timeout: 180_000,
    });
    assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  });
}

function inside(): void {
  test('twelve awkward lines: each mails before, none mails after, each still does its work', twelveLines);
  test(
    'mail is switched off below every MAILTO; quiet crontabs stay byte for byte; undo brings the mail back',
    mailSwitchedOff,
  );
  test("what crontab's own check refuses is not installed", refusedByCheck);
  test(
    'without a free inode the look works, the act fails with the reason, and works once there is room',
    withoutInode,
  );
  test('the line kinds that the parser tells are those that crontab accepts', parserAgrees);
}

// ---------------------------------------------------------------- cron on a fast clock

const SPEED = 20;
const SPOOL = '/var/spool/cron/crontabs';
const HEARTBEAT = '/run/work/heartbeat';
const SCHEDULE = '* * * * *';

/** One real second is 20 of cron's: a minute's tick every 3 s. It is a start-up for @reboot each time. */
function startCron(): void {
  rmSync('/run/crond.reboot', { force: true });
  const [lib = ''] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  execFileSync('/usr/sbin/cron', {
    env: { PATH: '/usr/bin:/bin', LD_PRELOAD: lib, FAKETIME: `+0 x${SPEED}`, DONT_FAKE_MONOTONIC: '1' },
  });
}

/** Ends cron, and waits for its jobs. */
async function stopCron(): Promise<void> {
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
  const end = Date.now() + 40_000;
  while (!holds()) {
    if (Date.now() > end) assert.fail(`${what}: not within 40 s`);
    await sleep(100);
  }
}

/** Runs cron for so many of its minutes: the heartbeat is cron's own evidence. */
async function runCron(minutes: number): Promise<void> {
  for (const path of globSync('/run/{mail,work}/*')) rmSync(path);
  startCron();
  await until('cron runs its jobs', () => readIfThere(HEARTBEAT).split('\n').length > minutes);
  await stopCron();
}

function mails(): readonly string[] {
  return globSync('/run/mail/*').map((path) => readFileSync(path, 'latin1'));
}

function install(user: string, text: string): void {
  execFileSync('crontab', ['-u', user, '-'], { input: Buffer.from(text, 'latin1') });
}

function clean(): void {
  for (const path of [...globSync(`${SPOOL}/*`), ...globSync('/etc/cron.d/*')]) rmSync(path);
  writeFileSync('/etc/cron.d/heartbeat', `${SCHEDULE} root echo beat >>${HEARTBEAT} 2>&1\n`);
  writeFileSync('/etc/crontab', '# none\n');
}

// ---------------------------------------------------------------- the action, as the run would call it

const host = localHost();

function acting(observation?: Observation): Act {
  return {
    host,
    clock: {
      now: Date.now,
      monotonic: () => performance.now(),
      sleep: async (milliseconds) => void (await sleep(milliseconds)),
    },
    signal: new AbortController().signal,
    progress: () => {},
    allowance: () => Number.POSITIVE_INFINITY,
    recall: async (name) => observation?.keep[name] ?? assert.fail(`nothing kept as ${name}`),
  };
}

async function observe(change: JsonObject): Promise<{ readonly arg: JsonObject; readonly observation: Observation }> {
  const selector = { mailed: true };
  const finding = await cronJobs.look(acting(), selector);
  assert.equal(finding.unknown, undefined);
  const arg = { jobs: { $step: 'jobs', verb: 'cron_jobs', selector, found: finding.detail }, ...change };
  return { arg, observation: await crontab.observe(acting(), arg) };
}

async function perform(change: JsonObject): Promise<{ readonly applied: Applied; readonly observation: Observation }> {
  const { arg, observation } = await observe(change);
  assert.equal(observation.verdict, 'change', observation.reason);
  return { applied: await crontab.apply(acting(observation), arg, observation), observation };
}

function revert(applied: Applied, observation: Observation): Promise<Applied> {
  assert.ok(applied.undo?.kind === 'revert');
  return crontab.revert(acting(observation), applied.undo.data);
}

// ---------------------------------------------------------------- the tests

interface Awkward {
  readonly line: string;
  /** What it leaves in /run/work/NAME each time it runs. */
  readonly work: string;
  readonly system?: boolean;
}
const W = '/run/work';

/** Each prints, and leaves its work in a file of its own. */
const AWKWARD: Readonly<Record<string, Awkward>> = {
  input: {
    line: `${SCHEDULE} cat | tee -a ${W}/input%first line%second \\% line`,
    work: 'first line\nsecond % line\n',
  },
  hash: { line: `${SCHEDULE} echo "a # b" c#d | tee -a ${W}/hash`, work: 'a # b c#d\n' },
  semicolon: { line: `${SCHEDULE} echo one; echo two | tee -a ${W}/semicolon; echo three;`, work: 'two\n' },
  and: { line: `${SCHEDULE} true && echo and | tee -a ${W}/and && nosuchprogram`, work: 'and\n' },
  or: { line: `${SCHEDULE} false || echo or | tee -a ${W}/or || echo never`, work: 'or\n' },
  pipe: { line: `${SCHEDULE} printf 'b\\na\\n' | sort | tee -a ${W}/pipe`, work: 'a\nb\n' },
  background: { line: `${SCHEDULE} echo now; (sleep 0.2; echo late | tee -a ${W}/background) &`, work: 'late\n' },
  quotes: {
    line: `${SCHEDULE} echo '100\\% "done"; or & so' "it's | # not" | tee -a ${W}/quotes`,
    work: `100% "done"; or & so it's | # not\n`,
  },
  comment: { line: `${SCHEDULE} echo told | tee -a ${W}/comment # tell somebody; or "not & so`, work: 'told\n' },
  redirected: { line: `${SCHEDULE} sh -c 'echo kept; echo lost >&2' >>${W}/redirected`, work: 'kept\n' },
  errors: { line: `${SCHEDULE} sh -c 'echo said; echo kept >&2' 2>>${W}/errors`, work: 'kept\n' },
  reboot: { line: `@reboot echo up | tee -a ${W}/reboot`, work: 'up\n' },
  user: { line: `${SCHEDULE} alice id -un | tee -a ${W}/user`, work: 'alice\n', system: true },
  spaces: { line: ` \t*\t*  * *   *\t\tprintf 'x  y\\n'   |   tee   -a ${W}/spaces  `, work: 'x  y\n' },
  compound: { line: `${SCHEDULE} if true; then echo if | tee -a ${W}/compound; fi`, work: 'if\n' },
  substitution: { line: `${SCHEDULE} echo $(echo sub; echo err >&2) >>${W}/substitution`, work: 'sub\n' },
  bytes: { line: `${SCHEDULE} echo '\xe9\xff' | tee -a ${W}/bytes`, work: '\xe9\xff\n' },
};

async function twelveLines(): Promise<void> {
  clean();
  const lines = (system: boolean) =>
    Object.values(AWKWARD)
      .filter((each) => (each.system ?? false) === system)
      .map((each) => `${each.line}\n`);
  const silent = `# kept as it is\n${SCHEDULE} echo silent >/dev/null 2>&1\n`;
  install('root', silent + lines(false).join(''));
  writeFileSync('/etc/cron.d/awkward', lines(true).join(''));
  await runCron(2);
  const before = mails();
  for (const name of Object.keys(AWKWARD))
    assert.ok(
      before.some((mail) => mail.includes(`${W}/${name}`)),
      `${name} mails while it is not silenced`,
    );
  assert.ok(!before.some((mail) => mail.includes('silent')));

  const { applied } = await perform({ silence: 'redirect' });
  assert.equal(applied.outcome, 'done', applied.reason);
  assert.ok(readFileSync(`${SPOOL}/root`, 'latin1').includes(silent));
  await runCron(3);
  assert.deepEqual(mails(), []);
  for (const [name, { work }] of Object.entries(AWKWARD)) {
    const left = readIfThere(`${W}/${name}`);
    assert.ok(
      left.length > 0 && left === work.repeat(left.length / work.length),
      `${name} left ${JSON.stringify(left)}`,
    );
  }
}

const facts = (path: string) => {
  const { uid, gid, mode, nlink } = statSync(path);
  return { uid, gid, mode, nlink };
};

async function mailSwitchedOff(): Promise<void> {
  clean();
  install('alice', `MAILTO=bob\n${SCHEDULE} echo a1\nMAILTO=alice\n# second\n${SCHEDULE} echo a2\n`);
  install('bob', `# quiet\n${SCHEDULE} echo b >/dev/null 2>&1\nMAILTO=""\n${SCHEDULE} echo b2\n`);
  install('root', `# rotation\n${SCHEDULE} echo "r $(date +\\%s)"\n`);
  writeFileSync('/etc/crontab', `MAILTO=root\n${SCHEDULE} alice echo e\n`);
  writeFileSync('/etc/cron.d/agent', `${SCHEDULE} root echo agent\n`, { mode: 0o644 });
  const paths = ['alice', 'bob', 'root'].map((user) => `${SPOOL}/${user}`).concat('/etc/crontab', '/etc/cron.d/agent');
  const look = () => paths.map((path) => ({ path, ...facts(path), body: withoutHeader(readFileSync(path, 'latin1')) }));
  const [before, quiet] = [look(), readFileSync(`${SPOOL}/bob`)];
  const bytes = () => paths.map((path) => readFileSync(path, 'latin1'));
  const bytesBefore = bytes();
  await runCron(2);
  for (const word of ['a1', 'a2', 'r ', 'e', 'agent'])
    assert.ok(
      mails().some((mail) => mail.includes(`\n${word}`)),
      `${word} is mailed`,
    );

  const { applied, observation } = await perform({ set_env: { MAILTO: '' } });
  assert.deepEqual([applied.outcome, applied.used], ['done', { edit: 4 }], applied.reason);
  assert.equal(
    execFileSync('crontab', ['-u', 'alice', '-l'], { encoding: 'utf8' }),
    `MAILTO=bob\nMAILTO=""\n${SCHEDULE} echo a1\nMAILTO=alice\n# second\nMAILTO=""\n${SCHEDULE} echo a2\n`,
  );
  assert.deepEqual(readFileSync(`${SPOOL}/bob`), quiet);
  assert.equal(readFileSync(`${SPOOL}/root`, 'utf8').match(/DO NOT EDIT/g)?.length, 1);
  assert.deepEqual(
    look().map(({ body: _, ...rest }) => rest),
    before.map(({ body: _, ...rest }) => rest),
  );
  assert.deepEqual(readdirSync('/etc/cron.d').toSorted(), ['.placeholder', 'agent', 'heartbeat']);
  await runCron(3);
  assert.deepEqual(mails(), []);

  const undone = await revert(applied, observation);
  assert.equal(undone.outcome, 'done', undone.reason);
  assert.deepEqual(look(), before);
  assert.deepEqual(bytes(), bytesBefore, 'the header that crontab renews is as it was, too');
  const again = await revert(applied, observation);
  assert.deepEqual([again.outcome, bytes()], ['done', bytesBefore], 'undone twice is undone once');
  await runCron(2);
  assert.ok(mails().some((mail) => mail.includes('\na2')));
}

async function refusedByCheck(): Promise<void> {
  clean();
  install('root', `${SCHEDULE} echo r\n`);
  // An installer that patches what it is given, so that the real crontab refuses it.
  writeFileSync('/run/broken-crontab', '#!/bin/sh\n{ cat; echo "MAILTO="; } | /usr/bin/crontab "$@"\n');
  chmodSync('/run/broken-crontab', 0o755);
  const before = readFileSync(`${SPOOL}/root`);
  const { applied } = await perform({ set_env: { MAILTO: '' }, install_with: '/run/broken-crontab' });
  assert.equal(applied.outcome, 'failed');
  assert.match(
    applied.reason ?? '',
    /^\/run\/broken-crontab -u root - ended with 1: .*bad minute; errors in crontab file, can't install/,
  );
  assert.deepEqual(applied.undo, { kind: 'nothing' });
  assert.deepEqual(readFileSync(`${SPOOL}/root`), before);
}

async function withoutInode(): Promise<void> {
  clean();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=20,mode=1730', 'tmpfs', SPOOL]);
  try {
    execFileSync('chgrp', ['crontab', SPOOL]);
    install('root', `${SCHEDULE} echo r\n`);
    mkdirSync(`${SPOOL}/full`);
    for (let number = 0; freeInodes() > 0; number += 1) writeFileSync(`${SPOOL}/full/${number}`, '');
    const before = readFileSync(`${SPOOL}/root`);
    const { arg, observation } = await observe({ set_env: { MAILTO: '' } });
    assert.equal(observation.verdict, 'change');
    const failed = await crontab.apply(acting(observation), arg, observation);
    assert.equal(failed.outcome, 'failed');
    assert.match(failed.reason ?? '', /No space left on device/);
    assert.deepEqual(readFileSync(`${SPOOL}/root`), before);
    rmSync(`${SPOOL}/full`, { recursive: true });
    const applied = await crontab.apply(acting(observation), arg, observation);
    assert.equal(applied.outcome, 'done', applied.reason);
    assert.equal(
      execFileSync('crontab', ['-u', 'root', '-l'], { encoding: 'utf8' }),
      `MAILTO=""\n${SCHEDULE} echo r\n`,
    );
  } finally {
    execFileSync('umount', [SPOOL]);
  }
}

function freeInodes(): number {
  return Number(execFileSync('stat', ['-f', '-c', '%d', SPOOL], { encoding: 'utf8' }));
}

/** Lines made of what crontabs are made of: crontab takes exactly those in which our parser finds nothing bad. */
function parserAgrees(): void {
  const atom = fc.oneof(
    fc.constantFrom(
      '*',
      '5',
      '1-3',
      '10-5',
      'mon',
      'jan',
      '/2',
      '/0',
      ',',
      '-',
      '60',
      '0',
      '*/5',
      'x',
      '?',
      '1-3-5',
      '\0',
      '\xff',
      '4294967297',
    ),
  );
  const field = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('*', '*/5', '1,2', '1-5/2') },
    { weight: 1, arbitrary: fc.array(atom, { minLength: 1, maxLength: 3 }).map((atoms) => atoms.join('')) },
  );
  const job = fc
    .tuple(
      fc.array(field, { minLength: 4, maxLength: 6 }),
      fc.constantFrom(' ', '\t', '  '),
      fc.constantFrom('x', 'echo a=b', '%in', 'a "b'),
    )
    .map(([fields, gap, command]) => [...fields, command].join(gap));
  const piece = fc.constantFrom(
    'A',
    'MAILTO',
    '=',
    ' ',
    '"',
    "'",
    'b',
    '#',
    '\t',
    '@daily',
    '@reboot',
    '@x',
    '\r',
    '\0',
    '\xff',
    '\xa0',
    '\n',
  );
  const other = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const folder = '/run/work';
  fc.assert(
    fc.property(fc.oneof(job, other), (line) => {
      writeFileSync(join(folder, 'tab'), Buffer.from(`${line}\n`, 'latin1'));
      const check = spawnSync('crontab', ['-n', join(folder, 'tab')], { encoding: 'utf8' });
      const problem = syntaxProblem(parseCrontab(`${line}\n`, 'user'));
      assert.equal(
        problem === null,
        check.status === 0,
        `${JSON.stringify(line)}: ${problem}; crontab says ${check.stderr}`,
      );
    }),
    { numRuns: 500 },
  );
}

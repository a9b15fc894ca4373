import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { CHECKOUT } from '../../support/lab/lab.ts';

const run = promisify(execFile);

/**
 * Debian's own cron and its init script, with two strangers beside it: /usr/sbin/cron run by user 1001, held (by
 * strace) before it can find out that it may not write its pid file, leader of its session; and a program of his that
 * is called cron and has started a mailer.
 */
const PROBE = `
const { localHost } = await import('${CHECKOUT}/src/hosts/local.ts');
const { spawn } = await import('node:child_process');
const { copyFileSync, readFileSync, readlinkSync } = await import('node:fs');
const { setTimeout: sleep } = await import('node:timers/promises');
const { services, processes } = localHost();
const PATIENT = { timeout: 20000 };
const as = (...argv) => spawn('setpriv', ['--reuid=1001', '--regid=1001', '--clear-groups', ...argv], { stdio: 'ignore', detached: true });
as('strace', '-o', '/dev/null', '-P', '/var/run/crond.pid', '-e', 'trace=openat', '-e', 'inject=openat:delay_enter=100000000', 'setsid', '/usr/sbin/cron', '-f');
for (const name of ['cron', 'sendmail']) copyFileSync('/bin/sh', '/run/work/' + name);
as('setsid', '/run/work/cron', '-c', '/run/work/sendmail -c "sleep 1000; :" ; :');
const crons = async () => (await processes.list({ name: ['cron'] })).processes;
for (let tries = 0; (await crons()).length < 2 && tries < 100; tries += 1) await sleep(50);
const seen = {};
const said = async (what) => { const { ok, message, state } = await what; return ok ? state.state : message; };
seen.strangers = (await crons()).map(({ exe, uid, session, pid }) => [exe, uid, session === pid]).sort();
seen.before = (await services.state('cron')).state;
seen.start = await said(services.start('cron', PATIENT));
const pid = (await services.state('cron')).pid;
seen.root = (await crons()).find((each) => each.pid === pid)?.uid;
seen.stop = await said(services.stop('cron', PATIENT));
seen.stopped = (await services.state('cron')).state;
seen.alike = (await services.state('cron')).strangers?.map(({ uid }) => uid);
const armed = await services.arm({ id: 'identity', service: 'cron', within: 500 });
for (let tries = 0; (await services.state('cron')).state !== 'running' && tries < 100; tries += 1) await sleep(100);
seen.lease = (await services.state('cron')).state;
seen.again = (await services.state('cron')).pid !== pid;
seen.left = (await crons()).filter(({ uid }) => uid === 1001).length;
const mailers = await processes.list({ name: ['sendmail'], started_by: ['cron'] });
seen.mailers = [mailers.processes.length, mailers.strangers?.map(({ startedBy }) => startedBy.name)];
await services.release(armed.handle);
await services.stop('cron', PATIENT);
console.log(JSON.stringify(seen));
process.exit(0);
`;

test('a user who runs cron’s own program, or one of its name, is not cron: cron starts, stops, and its lease starts it again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-identity-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'probe.ts'), PROBE);
  const { stdout } = await run(
    join(CHECKOUT, 'test/lab/cron-namespace.sh'),
    ['sh', '-c', 'chmod 755 /run; exec "$@"', 'sh', process.execPath, join(folder, 'probe.ts')],
    {
      timeout: 120_000,
    },
  );
  assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), {
    strangers: [
      ['/run/work/cron', 1001, true],
      ['/usr/sbin/cron', 1001, true],
    ],
    before: 'stopped',
    start: 'running',
    root: 0,
    stop: 'stopped',
    stopped: 'stopped',
    alike: [1001],
    lease: 'running',
    again: true,
    left: 2,
    mailers: [0, ['cron']],
  });
});

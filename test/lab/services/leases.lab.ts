import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { localHost } from '../../../src/hosts/local.ts';
import type { RunState } from '../../../src/model/state.ts';
import { littleDaemon } from '../../support/hosts/daemon.ts';
import { inStorm } from '../../support/lab/lab.ts';

const work = mkdtempSync(join(tmpdir(), 'firebreak-leases-'));
after(() => rmSync(work, { recursive: true }));

const REMEDY =
  'bin/firebreak run cron-mail-storm --unattended --policy examples/policy.yaml --param watch=8s --param ticks=2';
/**
 * Times in hundredths of a second since boot, as proc(5) has them: a process's start and the lease's deadline are on
 * one clock.
 */
const CRON = (title: string) => `
  pid=$(cat /run/crond.pid); kill -0 $pid && echo "${title} $(cut -d' ' -f22 /proc/$pid/stat) \\
    $(sed -n 's/^Umask:.//p' /proc/$pid/status) $(sed -n 's/^SigIgn:.//p' /proc/$pid/status) $(readlink /proc/$pid/cwd)"`;
const WATCHDOGS = `echo "watchdogs $(pgrep -c -f '[f]irebreak-lease')"`;
/** Kills the engine as soon as cron is gone. Nothing resumes. */
const KILLED = `
  ${CRON('before')}; was=$pid
  ${REMEDY} --param lease=20s >$OUT/said 2>&1 & engine=$!
  n=0; while kill -0 $was 2>/dev/null && [ $n -lt 1500 ]; do sleep 0.02; n=$((n + 1)); done
  kill -9 $engine; wait $engine 2>/dev/null; echo "engine $?"; kill -0 $was 2>/dev/null || echo 'cron is stopped'
  ${WATCHDOGS}; bin/firebreak report --format json >$OUT/report.json; bin/firebreak runs >$OUT/runs
  n=0; until pid=$(cat /run/crond.pid 2>/dev/null) && [ "$pid" != "$was" ] && kill -0 "$pid" 2>/dev/null || [ $n -gt 300 ]; do sleep 0.1; n=$((n + 1)); done`;

const fieldsOf = (stdout: string, title: string): readonly string[] =>
  stdout
    .split('\n')
    .find((line) => line.startsWith(`${title} `))
    ?.split(/\s+/)
    .slice(1) ?? [];

test('the engine is killed while cron is stopped: cron runs again by the deadline and not before, as init would start it', {
  timeout: 120_000,
}, async () => {
  const out = mkdtempSync(join(work, 'killed-'));
  const { stdout, stderr } = await inStorm(`${KILLED}\n${CRON('after')}\nsleep 1; ${WATCHDOGS}`, { out });
  const said = `${stdout}${stderr}${readFileSync(join(out, 'said'), 'utf8')}`;
  assert.match(stdout, /^engine 137\ncron is stopped\nwatchdogs 1$/m, said);
  const { state } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as { state: RunState };
  const [lease] = state.leases;
  assert.ok(lease?.deadline, said);
  const promised = Date.parse(lease.deadline.at) - Date.parse(lease.armed.at);
  assert.ok(promised > 19_000 && promised <= 20_000, `within ${promised} ms of the arming`);
  const [started, ...rest] = fieldsOf(stdout, 'after');
  const late = Number(started) * 10 - lease.deadline.uptime;
  console.log(`# cron was started ${late} ms after the deadline`);
  assert.ok(late >= 0 && late < 1500, `${late} ms late\n${said}`);
  assert.deepEqual(rest, ['0022', fieldsOf(stdout, 'before')[2], '/var/spool/cron']);
  assert.ok(stdout.endsWith('watchdogs 0\n'), stdout);
  assert.match(readFileSync(join(out, 'runs'), 'utf8'), /cron starts again by \d\d:\d\d:\d\d/);
});

test('a run that is resumed before the deadline takes the lease over, ends held, and leaves no watchdog', {
  timeout: 180_000,
}, async () => {
  const out = mkdtempSync(join(work, 'resumed-'));
  const resume = 'bin/firebreak resume --unattended --policy examples/policy.yaml';
  const early = KILLED.slice(0, KILLED.lastIndexOf('\n'));
  const { stdout, stderr } = await inStorm(
    `${early}\n${resume} >$OUT/resumed 2>&1; echo "exit $?"\n${WATCHDOGS}\n"$LAB/check-recovered"`,
    {
      out,
    },
  );
  const said = `${stdout}${stderr}${readFileSync(join(out, 'resumed'), 'utf8')}`;
  assert.deepEqual(stdout.trim().split('\n').slice(-3), ['exit 0', 'watchdogs 0', 'check-recovered: recovered'], said);
});

test('a run that ends well leaves no watchdog behind', { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await inStorm(`${REMEDY} >/run/said 2>&1; echo "exit $?"; ${WATCHDOGS}`);
  assert.match(stdout, /exit 0\nwatchdogs 0\n$/, stdout + stderr);
});

test('a watchdog that cannot fork at its deadline stays, and starts the service as soon as it can', {
  timeout: 60_000,
}, async (context) => {
  const { services } = localHost();
  const { script } = littleDaemon(context);
  const lease = await services.arm({ id: 'starved', service: script, within: 1500 });
  assert.ok(lease.ok, JSON.stringify(lease));
  const { pid } = lease.handle as { pid: number };
  const pids = existsSync('/sys/fs/cgroup/pids') ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup';
  const group = `${pids}/firebreak-lease-${process.pid}`;
  mkdirSync(group);
  try {
    writeFileSync(`${group}/cgroup.procs`, String(pid));
    writeFileSync(`${group}/pids.max`, '1');
    await sleep(3000);
    assert.equal(readFileSync(`${group}/cgroup.procs`, 'utf8'), `${pid}\n`, 'it is there still');
    assert.equal((await services.state(script)).state, 'stopped');
    writeFileSync(`${group}/pids.max`, 'max');
    for (let tries = 0; existsSync(`/proc/${pid}/exe`) && tries < 100; tries += 1) await sleep(50);
    assert.equal((await services.state(script)).state, 'running');
    assert.deepEqual(await services.release(lease.handle), { ok: true, state: 'gone' });
  } finally {
    for (const left of readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean))
      writeFileSync(`${pids}/cgroup.procs`, left);
    rmdirSync(group);
  }
});

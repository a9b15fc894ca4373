import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { allPids, argsOf, livesStill, readPid } from '../../../src/hosts/linux/pid.ts';
import { localHost } from '../../../src/hosts/local.ts';
import type { Json } from '../../../src/model/json.ts';
import { littleDaemon, MAY_BE_ANOTHER } from '../../support/hosts/daemon.ts';
import { eventually } from '../../support/hosts/programs.ts';

const { services } = localHost();
const pidOf = (handle: Json): number => (handle as { pid: number }).pid;

async function armed(test: TestContext, script: string, within: number, id: string): Promise<Json> {
  const lease = await services.arm({ id, service: script, within });
  assert.ok(lease.ok, JSON.stringify(lease));
  test.after(() => services.release(lease.handle));
  return lease.handle;
}

describe('a watchdog', () => {
  it('leads a session of its own, holds nothing of ours, and waits in one sleep', async (test) => {
    const pid = pidOf(await armed(test, littleDaemon(test).script, 60_000, 'alone'));
    assert.equal(readPid(pid)?.session, pid);
    // It says `armed` and lets go of our pipe in the next breath.
    await eventually(() =>
      readdirSync(`/proc/${pid}/fd`).every(
        (fd) => Number(fd) > 2 || readlinkSync(`/proc/${pid}/fd/${fd}`) === '/dev/null',
      ),
    );
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
    // proc(5): none is ignored. What `&` in a shell starts ignores SIGINT and SIGQUIT, and a cron would hand that on to
    // its jobs.
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^SigIgn:\t0+$/m);
    await eventually(() => allPids().some(({ ppid, comm }) => ppid === pid && comm === 'sleep'));
    const below = allPids().filter(({ ppid }) => ppid === pid);
    assert.deepEqual(
      below.map(({ comm }) => comm),
      ['sleep'],
    );
    const seconds = Number(argsOf(below[0]?.pid ?? 0)[1]);
    assert.ok(seconds > 59 && seconds <= 60.01, `it sleeps ${seconds} s`);
  });

  it('starts the daemon although whoever armed it was killed, with what init gives', async (test) => {
    const daemon = littleDaemon(test);
    const program = `const { localHost } = await import('${join(import.meta.dirname, '../../../src/hosts/local.ts')}');
      process.umask(0o077);
      const lease = await localHost().services.arm({ id: 'orphan', service: '${daemon.script}', within: 400 });
      process.stdout.write(JSON.stringify(lease));
      setInterval(() => {}, 1000);`;
    const engine = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(engine.stdout, 'data');
    const { pid } = JSON.parse(String(said)).handle;
    engine.kill('SIGKILL');
    await once(engine, 'exit');
    await eventually(() => existsSync(join(daemon.folder, 'forever')) && !alive(pid));
    assert.match(daemon.wrote(), /^0022\n\/\n1024\n/);
    assert.doesNotMatch(daemon.wrote(), /FIREBREAK|NODE|HOME=/);
  });

  it('tries again until the service runs, and then is gone', async (test) => {
    const daemon = littleDaemon(test, { beforeStart: '[ -e "$0.ready" ] || { echo tried >>"$0.tries"; exit 1; }' });
    const pid = pidOf(await armed(test, daemon.script, 50, 'again'));
    await eventually(() => existsSync(`${daemon.script}.tries`));
    assert.ok(readPid(pid));
    writeFileSync(`${daemon.script}.ready`, '');
    await eventually(() => existsSync(join(daemon.folder, 'forever')));
    await eventually(() => !alive(pid));
    assert.equal(readFileSync(`${daemon.script}.tries`, 'utf8'), 'tried\n');
  });

  it('is content if the service already runs, even if the script reports a second start as an error', async (test) => {
    const daemon = littleDaemon(test, { beforeStart: '[ ! -p "${0%/*}/forever" ] || exit 1' });
    assert.ok((await services.start(daemon.script, { timeout: 60_000 })).ok);
    const pid = pidOf(await armed(test, daemon.script, 50, 'runs'));
    await eventually(() => !alive(pid));
  });

  it('is not content with another user’s process of the same program, which its script takes for the daemon', {
    skip: !MAY_BE_ANOTHER,
  }, async (test) => {
    const alike = 'for each in /proc/[0-9]*; do [ "$each/exe" -ef "$DAEMON" ] && exit 0; done; exit 3';
    const failing = '[ -e "$0.ready" ] || { echo tried >>"$0.tries"; exit 1; }';
    const daemon = littleDaemon(test, {
      beforeStart: `${failing}; (${alike}) && { echo misled >>"$0.tries"; exit 0; }`,
      status: alike,
    });
    const stranger = await daemon.stranger();
    const pid = pidOf(await armed(test, daemon.script, 50, 'strange'));
    const tries = () => (existsSync(`${daemon.script}.tries`) ? readFileSync(`${daemon.script}.tries`, 'utf8') : '');
    await eventually(() => tries().includes('tried'));
    writeFileSync(`${daemon.script}.ready`, '');
    await eventually(() => tries().includes('misled'));
    // It has judged what its script said, and sleeps before the next try: not between the two, where nobody lives any more.
    await eventually(() => allPids().some(({ ppid, comm }) => ppid === pid && comm === 'sleep'));
    assert.ok(alive(pid) && !existsSync(join(daemon.folder, 'forever')));
    process.kill(stranger, 'SIGKILL');
    await eventually(() => existsSync(join(daemon.folder, 'forever')));
    await eventually(() => !alive(pid));
  });

  it('gives up where the init script is gone', async (test) => {
    const daemon = littleDaemon(test);
    const pid = pidOf(await armed(test, daemon.script, 300, 'no-script'));
    rmSync(daemon.script);
    await eventually(() => !alive(pid));
  });

  it('waits on although its sleep is killed', async (test) => {
    const daemon = littleDaemon(test);
    const pid = pidOf(await armed(test, daemon.script, 60_000, 'woken'));
    const first = allPids().find(({ ppid }) => ppid === pid);
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await eventually(() =>
      allPids().some((stat) => stat.ppid === pid && stat.pid !== first?.pid && stat.comm === 'sleep'),
    );
    assert.equal((await services.state(daemon.script)).state, 'stopped');
  });
});

describe('a release', () => {
  it('leaves no process behind', async (test) => {
    const handle = await armed(test, littleDaemon(test).script, 60_000, 'clean');
    const session = pidOf(handle);
    assert.equal(allPids().filter((stat) => stat.session === session).length, 2);
    await services.release(handle);
    assert.deepEqual(
      allPids().filter((stat) => stat.session === session && livesStill(stat)),
      [],
    );
  });

  it('never touches a process that only has the number, the label or the id of a watchdog', async (test) => {
    const { script } = littleDaemon(test);
    const handle = (await armed(test, script, 60_000, 'mine')) as Record<string, Json>;
    const other = await armed(test, script, 60_000, 'other');
    const mistaken = [
      { ...handle, pid: process.pid },
      { ...handle, start: 1 },
      { ...handle, boot: 'another boot' },
      { ...handle, id: 'other' },
      { ...handle, pid: pidOf(other) },
      { ...handle, pid: 1 },
      { ...handle, pid: -1 },
    ];
    for (const wrong of mistaken) assert.deepEqual(await services.release(wrong), { ok: true, state: 'gone' });
    assert.ok(alive(pidOf(handle)) && alive(pidOf(other)));
  });

  it('does not interrupt a start that has begun', async (test) => {
    const daemon = littleDaemon(test, { beforeStart: 'touch "$0.begun"; sleep 0.5' });
    const handle = await armed(test, daemon.script, 50, 'begun');
    await eventually(() => existsSync(`${daemon.script}.begun`));
    await services.release(handle);
    await eventually(() => existsSync(join(daemon.folder, 'forever')));
    await eventually(() => allPids().every((stat) => stat.session !== pidOf(handle)));
  });
});

describe('an id', () => {
  for (const id of ['', '-rf', 'a b', 'a/b', 'x\ny', '$(id)', '*']) {
    it(`is not ${JSON.stringify(id)}`, async (test) => {
      const lease = await services.arm({ id, service: littleDaemon(test).script, within: 1000 });
      assert.equal(lease.ok ? 'armed' : lease.code, 'EINVAL');
    });
  }
});

function alive(pid: number): boolean {
  const stat = readPid(pid);
  return stat !== null && livesStill(stat);
}

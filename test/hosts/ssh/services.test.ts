import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { allPids, exeOf, livesStill, readPid } from '../../../src/hosts/linux/pid.ts';
import { sshCommands } from '../../../src/hosts/ssh/commands.ts';
import { sshMachine } from '../../../src/hosts/ssh/machine.ts';
import { sshProcesses } from '../../../src/hosts/ssh/processes.ts';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { sshServices } from '../../../src/hosts/ssh/services.ts';
import { failure, type Services } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import { servicesContract } from '../../contracts/services.ts';
import { littleDaemon, MAY_BE_ANOTHER } from '../../support/hosts/daemon.ts';
import { eventually } from '../../support/hosts/programs.ts';
import { remotesHere } from '../../support/hosts/shells.ts';

const PATIENT = { timeout: 60_000 };

function servicesOf(remote: Remote): Services {
  const machine = sshMachine(remote);
  return sshServices({ remote, machine, commands: sshCommands(remote), processes: sshProcesses({ remote, machine }) });
}

function lives(pid: number): boolean {
  const stat = readPid(pid);
  return stat !== null && livesStill(stat);
}

const pidOf = (handle: Json): number => (handle as { pid: number }).pid;
const pass = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const held = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
const lostFrom = (remote: Remote): Remote => ({
  ...remote,
  ask: async () => failure('lost', 'the connection to web1 was lost'),
});

// What the newer busybox does otherwise is a matter of processes.
for (const { name: shell, remote } of remotesHere().filter(({ name }) => name !== 'busybox')) {
  const services = servicesOf(remote);

  async function armed(test: TestContext, script: string, within: number, id: string): Promise<Json> {
    const lease = await services.arm({ id, service: script, within });
    assert.ok(lease.ok, JSON.stringify(lease));
    test.after(async () => void (await services.release(lease.handle)));
    return lease.handle;
  }

  servicesContract(`a far host (${shell}), by an init script`, (test) => {
    const daemon = littleDaemon(test);
    return {
      services,
      name: daemon.script,
      missing: '/no/such/script',
      lives,
      pass,
      ...(MAY_BE_ANOTHER && { stranger: daemon.stranger }),
    };
  });

  describe(`a service of a far host (${shell})`, () => {
    it('whose daemon is started gets what init gives, and nothing of ours', async (test) => {
      const daemon = littleDaemon(test);
      assert.ok((await services.start(daemon.script, PATIENT)).ok);
      await eventually(() => existsSync(join(daemon.folder, 'forever')), 'it runs');
      assert.match(daemon.wrote(), /^0022\n\/\n1024\n/);
      assert.doesNotMatch(daemon.wrote(), /HOME=/);
    });

    it('whose script only pretends to stop is a failure, and the service is still said to run', async (test) => {
      const { script } = littleDaemon(test, { stop: 'exit 0' });
      await services.start(script, PATIENT);
      const stopped = await services.stop(script, { timeout: 1000 });
      assert.match(stopped.ok ? '' : stopped.message, /is running after stop/);
      assert.equal((await services.state(script)).state, 'running');
    });

    it('whose script takes longer than it may is ended over there: no connection is lost by it', async (test) => {
      const daemon = littleDaemon(test, { beforeStart: '[ -e "$0.quick" ] || sleep 60' });
      const late = await services.start(daemon.script, { timeout: 1000 });
      assert.deepEqual([late.ok || late.code, late.ok || /did not end in time/.test(late.message)], ['timeout', true]);
      writeFileSync(`${daemon.script}.quick`, '');
      assert.ok((await services.start(daemon.script, PATIENT)).ok);
    });

    it('is restarted by its script’s own restart, and stopped and started where that has none', async (test) => {
      for (const restart of ['', 'restart) echo own >>"$0.restarts"; "$0" stop; sleep 0.2; "$0" start ;;\n']) {
        const daemon = littleDaemon(test);
        writeFileSync(daemon.script, readFileSync(daemon.script, 'utf8').replace('*) exit 2', `${restart}*) exit 2`));
        const first = await services.start(daemon.script, PATIENT);
        const second = await services.restart(daemon.script, PATIENT);
        assert.ok(first.ok && second.ok, JSON.stringify(second));
        assert.notEqual(second.state.pid, first.state.pid);
        assert.equal(existsSync(`${daemon.script}.restarts`), restart !== '');
      }
    });

    it('is stopped where the pid file names a dead process, or one that runs another program', async (test) => {
      const { script, pidFile } = littleDaemon(test);
      writeFileSync(pidFile, '4194999\n');
      assert.equal((await services.state(script)).state, 'stopped');
      const other = spawn('sleep', ['60']);
      test.after(() => other.kill('SIGKILL'));
      writeFileSync(pidFile, `${other.pid}\n`);
      assert.equal((await services.state(script)).state, 'stopped');
      writeFileSync(pidFile, '*\n');
      assert.equal((await services.state(script)).state, 'stopped');
      utimesSync(pidFile, 1e9, 1e9);
      assert.equal((await services.state(script)).since, null);
      writeFileSync(pidFile, '4194999\n');
      utimesSync(pidFile, 1e9, 1e9);
      assert.equal((await services.state(script)).since, (await sshMachine(remote).facts()).bootTime);
      writeFileSync(pidFile, '');
    });

    it('is found by the program where the pid file is lost', async (test) => {
      const { script, pidFile, folder } = littleDaemon(test);
      const started = await services.start(script, PATIENT);
      assert.ok(started.ok && started.state.pid !== null);
      const pid = readFileSync(pidFile, 'utf8');
      await eventually(
        () => exeOf(Number(pid)) === `${folder}/littled` && existsSync(join(folder, 'forever')),
        'it runs',
      );
      writeFileSync(pidFile, '');
      assert.equal((await services.state(script)).pid, started.state.pid);
      writeFileSync(pidFile, pid);
    });

    it('is read anew where its script was changed', async (test) => {
      const { script, folder } = littleDaemon(test);
      await services.start(script, PATIENT);
      writeFileSync(script, `#!/bin/sh\nPIDFILE=${folder}/elsewhere.pid\nDAEMON=${folder}/other\n`, { mode: 0o755 });
      assert.equal((await services.state(script)).state, 'stopped');
    });

    it('is asked of its script where an interpreter runs it, and has the pid of its pid file', async (test) => {
      const daemon = littleDaemon(test);
      const text = readFileSync(daemon.script, 'utf8').replace(/^DAEMON=.*$/m, '');
      writeFileSync(daemon.script, text);
      const other = spawn('sleep', ['60']);
      test.after(() => other.kill('SIGKILL'));
      writeFileSync(daemon.pidFile, `${other.pid}\n`);
      const seen = await services.state(daemon.script);
      assert.deepEqual([seen.state, seen.pid], ['running', other.pid]);
      writeFileSync(daemon.pidFile, '');
    });

    it('is asked of its script, by LSB exit codes, where no pid file is named', async (test) => {
      const { script, folder } = littleDaemon(test, { pidFileLine: '', run: 'sleep 60 &' });
      assert.equal((await services.state(script)).state, 'stopped');
      assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n');
    });

    it('is unknown, not absent, if the host cannot be asked', async () => {
      const state = await servicesOf(lostFrom(remote)).state('/etc/init.d/cron');
      assert.deepEqual([state.exists, state.state, state.reason], [true, 'unknown', 'the connection to web1 was lost']);
      const { exists, state: word, reason } = await servicesOf(lostFrom(remote)).state('cron');
      assert.deepEqual(
        [exists, word, reason],
        [true, 'unknown', 'shell does not say which manager of services runs there'],
      );
    });

    it('whose name is no name does not exist', async () => {
      for (const name of ['../../bin/sh', '-rf', 'a b', 'x\ny', '', '.'])
        assert.equal((await services.state(name)).exists, false, name);
    });
  });

  describe(`a watchdog on a far host (${shell})`, () => {
    it('leads a session of its own, holds nothing of ours, ignores no signal, and waits in one sleep', async (test) => {
      const pid = pidOf(await armed(test, littleDaemon(test).script, 60_000, 'far-alone'));
      assert.equal(readPid(pid)?.session, pid);
      await eventually(
        () =>
          readdirSync(`/proc/${pid}/fd`).every(
            (fd) => Number(fd) > 2 || readlinkSync(`/proc/${pid}/fd/${fd}`) === '/dev/null',
          ),
        'it holds nothing',
      );
      // What whoever started this test has left open is in every process below it.
      assert.deepEqual(
        held(pid).filter((each) => !held(process.ppid).includes(each) && each !== '/dev/null'),
        [],
      );
      assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Umask:\t0022$/m);
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^SigIgn:\t0+$/m);
      assert.equal(
        readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .find((line) => !/^(?:PATH|PWD|OLDPWD|SHLVL|_)=/.test(line)),
        '',
      );
      await eventually(() => allPids().some(({ ppid, comm }) => ppid === pid && comm === 'sleep'), 'it sleeps');
    });

    it('is found and let go of in another life of the engine', async (test) => {
      const handle = await armed(test, littleDaemon(test).script, 60_000, 'far-life');
      const another = servicesOf(remote);
      assert.deepEqual(await another.armed('far-li'), { ok: true, handles: [handle] });
      assert.deepEqual(await another.release(handle), { ok: true, state: 'released' });
      const left = allPids().filter((stat) => stat.session === pidOf(handle) && livesStill(stat));
      assert.deepEqual(left, []);
    });

    it('is not taken for another process with the same number, start, boot or id', async (test) => {
      const handle = (await armed(test, littleDaemon(test).script, 60_000, 'far-mine')) as Record<string, Json>;
      const mistaken = [
        { ...handle, pid: process.pid },
        { ...handle, start: 1 },
        { ...handle, boot: 'another boot' },
        { ...handle, id: 'other' },
        { ...handle, pid: 1 },
        { ...handle, pid: -1 },
        { ...handle, pid: 1.5 },
      ];
      for (const wrong of mistaken) assert.deepEqual(await services.release(wrong), { ok: true, state: 'gone' });
      assert.ok(lives(pidOf(handle)));
    });

    it('that has begun to start the service is left to its end', async (test) => {
      const daemon = littleDaemon(test, { beforeStart: 'touch "$0.begun"; sleep 0.5' });
      const handle = await armed(test, daemon.script, 50, 'far-begun');
      await eventually(() => existsSync(`${daemon.script}.begun`), 'it has begun');
      await services.release(handle);
      await eventually(() => existsSync(join(daemon.folder, 'forever')), 'it runs');
    });

    it('that cannot be asked for is neither released nor gone', async (test) => {
      const handle = await armed(test, littleDaemon(test).script, 60_000, 'far-lost');
      const machine = sshMachine(remote);
      const cut = lostFrom(remote);
      const lost = sshServices({
        remote: cut,
        machine,
        commands: sshCommands(remote),
        processes: sshProcesses({ remote: cut, machine }),
      });
      const [released, found] = [await lost.release(handle), await lost.armed('far-lost')];
      assert.deepEqual([released.ok || released.code, found.ok || found.code], ['lost', 'lost']);
      assert.equal((await servicesOf(cut).release(handle)).ok, false);
    });
  });
}

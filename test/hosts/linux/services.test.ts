import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fakeServices } from '../../../src/hosts/fake/services.ts';
import { exeOf, livesStill, readPid } from '../../../src/hosts/linux/pid.ts';
import { localCommands } from '../../../src/hosts/local/commands.ts';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import { localServices } from '../../../src/hosts/local/services.ts';
import { type Commands, failure, type Processes, type Services } from '../../../src/model/host.ts';
import { servicesContract } from '../../contracts/services.ts';
import { littleDaemon, MAY_BE_ANOTHER } from '../../support/hosts/daemon.ts';
import { processRecord } from '../../support/hosts/fake-processes.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';
import { eventually } from '../../support/hosts/programs.ts';

const PATIENT = { timeout: 60_000 };

/**
 * Signals what is asked, if it is still the same process: what the real port does, without its look at all of /proc.
 */
const processes: Pick<Processes, 'signal'> = {
  signal: async (targets, signal) =>
    targets.map((target) => {
      if (!livesStill(target) || exeOf(target.pid) !== target.exe) return { pid: target.pid, outcome: 'gone' as const };
      process.kill(target.pid, `SIG${signal}`);
      return { pid: target.pid, outcome: 'sent' as const };
    }),
};

function localWith(commands: Commands = localCommands()): Services {
  return localServices({ machine: localMachine(), commands, processes: processes as Processes });
}

function lives(pid: number): boolean {
  const stat = readPid(pid);
  return stat !== null && livesStill(stat);
}

servicesContract('this machine, by an init script', (test: TestContext) => {
  const daemon = littleDaemon(test);
  return {
    services: localWith(),
    name: daemon.script,
    missing: '/no/such/script',
    lives,
    pass,
    ...(MAY_BE_ANOTHER && { stranger: daemon.stranger }),
  };
});

servicesContract('a fake host', () => {
  const world = worldWith(service('cron', 'stopped'));
  return {
    services: fakeServices(world),
    name: 'cron',
    missing: 'crond',
    lives: (pid) => world.processes.some((each) => each.pid === pid),
    stranger: async () => {
      world.processes.push(processRecord({ pid: 77, name: 'cron', uid: 1001, user: 'bob' }));
      return 77;
    },
    pass: async (milliseconds) => {
      world.now += milliseconds;
    },
  };
});

describe('a daemon that is started', () => {
  it('gets what init gives: umask 022, cwd /, 1024 open files, PATH alone, nothing of ours on its descriptors', async (test) => {
    const daemon = littleDaemon(test);
    const mask = process.umask(0o077);
    test.after(() => process.umask(mask));
    const started = await localWith().start(daemon.script, PATIENT);
    assert.ok(started.ok, JSON.stringify(started));
    await eventually(() => existsSync(join(daemon.folder, 'forever')));
    const wrote = daemon.wrote();
    assert.match(wrote, /^0022\n\/\n1024\n/);
    assert.doesNotMatch(wrote, /FIREBREAK|NODE|HOME=/);
    assert.match(wrote, /^PATH=\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin$/m);
    assert.deepEqual(
      [...wrote.matchAll(/ ([012]) -> (\S+)/g)].map(([, number, target]) => `${number} ${target}`),
      ['0 /dev/null', `1 ${daemon.folder}/wrote`, '2 /dev/null'],
    );
  });

  it('that does not come up is a failure with what its script said', async (test) => {
    const { script } = littleDaemon(test, { beforeStart: 'echo "no licence for little" >&2; exit 5' });
    const started = await localWith().start(script, PATIENT);
    assert.deepEqual(started.ok ? null : [started.code, /no licence for little/.test(started.message)], [
      'exit-5',
      true,
    ]);
  });

  it('whose script claims success and starts nothing is a failure', async (test) => {
    const { script } = littleDaemon(test, { beforeStart: 'exit 0' });
    const started = await localWith().start(script, { timeout: 1000 });
    assert.match(started.ok ? '' : started.message, /is stopped after start/);
  });
});

describe('a stop', () => {
  it('that the script only pretends is a failure, and the service is still said to run', async (test) => {
    const { script } = littleDaemon(test, { stop: 'exit 0' });
    const services = localWith();
    await services.start(script, PATIENT);
    const stopped = await services.stop(script, { timeout: 1000 });
    assert.match(stopped.ok ? '' : stopped.message, /is running after stop/);
    assert.equal((await services.state(script)).state, 'running');
  });

  it('needs no fork: where none is left, the verified main process gets TERM', async (test) => {
    const { script } = littleDaemon(test);
    const started = await localWith().start(script, PATIENT);
    assert.ok(started.ok && started.state.pid !== null);
    const forkless: Commands = { ...localCommands(), run: async () => failure('EAGAIN', 'spawn EAGAIN') };
    const stopped = await localWith(forkless).stop(script, PATIENT);
    assert.ok(stopped.ok, JSON.stringify(stopped));
    assert.equal(stopped.state.state, 'stopped');
    assert.equal(lives(started.state.pid), false);
  });

  it('whose script gets a slot and finds none for its own commands ends with TERM too', async (test) => {
    const { script } = littleDaemon(test, { stop: 'echo "/etc/init.d/little: 14: Cannot fork" >&2; exit 2' });
    const started = await localWith().start(script, PATIENT);
    assert.ok(started.ok && started.state.pid !== null);
    assert.equal((await localWith().stop(script, PATIENT)).ok, true);
    assert.equal(lives(started.state.pid), false);
  });

  it('that its script refuses is not forced with TERM', async (test) => {
    const { script } = littleDaemon(test, { stop: 'echo "a backup is running" >&2; exit 1' });
    const started = await localWith().start(script, PATIENT);
    assert.ok(started.ok && started.state.pid !== null);
    const stopped = await localWith().stop(script, PATIENT);
    assert.match(stopped.ok ? '' : stopped.message, /a backup is running/);
    assert.equal(lives(started.state.pid), true);
  });

  it('a start without a fork is a failure: nothing else can start a daemon', async (test) => {
    const forkless: Commands = { ...localCommands(), run: async () => failure('EAGAIN', 'spawn EAGAIN') };
    const started = await localWith(forkless).start(littleDaemon(test).script, PATIENT);
    assert.equal(started.ok ? '' : started.code, 'EAGAIN');
  });
});

describe('the state of a service', () => {
  const noFork: Commands = {
    ...localCommands(),
    run: async ({ argv }) => assert.fail(`${argv.join(' ')} was run to look`),
  };

  it('is read without a fork where the script names its pid file, with the time of the start', async (test) => {
    const { script } = littleDaemon(test);
    const before = Date.now();
    await localWith().start(script, PATIENT);
    const since = { from: before - 2000, to: Date.now() + 2000 };
    const state = await localWith(noFork).state(script);
    assert.deepEqual([state.state, state.manager, state.enabled], ['running', 'script', null]);
    assert.ok(state.since !== null && state.since > since.from && state.since < since.to);
  });

  it('is stopped where the pid file names a dead process, or one that runs another program', async (test) => {
    const { script, pidFile } = littleDaemon(test);
    writeFileSync(pidFile, '4194999\n');
    assert.equal((await localWith(noFork).state(script)).state, 'stopped');
    const other = spawn('sleep', ['60']);
    test.after(() => other.kill('SIGKILL'));
    writeFileSync(pidFile, `${other.pid}\n`);
    assert.equal((await localWith(noFork).state(script)).state, 'stopped');
    writeFileSync(pidFile, '');
  });

  it('is stopped since the boot at the latest where a pid file on disk is older than the boot', async (test) => {
    const { script, pidFile } = littleDaemon(test);
    const { bootTime } = await localMachine().facts();
    writeFileSync(pidFile, '4194999\n');
    assert.equal((await localWith(noFork).state(script)).since, null);
    utimesSync(pidFile, 1e9, 1e9);
    assert.equal((await localWith(noFork).state(script)).since, bootTime);
  });

  it('is found by the program where the pid file is lost, and an orphaned child of that program is not taken for it', async (test) => {
    const { script, pidFile, folder } = littleDaemon(test);
    const services = localWith();
    const started = await services.start(script, PATIENT);
    assert.ok(started.ok && started.state.pid !== null);
    const pid = readFileSync(pidFile, 'utf8');
    await eventually(() => exeOf(Number(pid)) === `${folder}/littled` && existsSync(join(folder, 'forever')));
    writeFileSync(pidFile, '');
    assert.equal((await services.state(script)).pid, started.state.pid);
    process.kill(started.state.pid, 'SIGKILL');
    writeFileSync(pidFile, pid);
    const orphan = spawn('sh', ['-c', `'${folder}/littled' -c 'read x <"${folder}/forever"' & echo $!`], {
      detached: true,
    });
    const child = Number(await new Promise((resolve) => orphan.stdout.once('data', resolve)));
    test.after(() => process.kill(child, 'SIGKILL'));
    await eventually(() => readPid(child)?.ppid !== orphan.pid && exeOf(child) === `${folder}/littled`);
    assert.equal((await services.state(script)).state, 'stopped');
  });

  it('is asked of the script, by LSB exit codes, where no pid file is named', async (test) => {
    const { script, folder } = littleDaemon(test, { pidFileLine: '', run: 'sleep 60 &' });
    const services = localWith();
    assert.equal((await services.state(script)).state, 'stopped');
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n');
  });

  const ANYBODY = 'for each in /proc/[0-9]*; do [ "$each/exe" -ef "$DAEMON" ] && exit 0; done; exit 3';

  it('is not what the script’s status says of another user’s process', { skip: !MAY_BE_ANOTHER }, async (test) => {
    const daemon = littleDaemon(test, { pidFileLine: '', run: 'sleep 60 &', status: ANYBODY });
    const pid = await daemon.stranger();
    const { state, reason } = await localWith().state(daemon.script);
    assert.deepEqual(
      [state, reason],
      [
        'unknown',
        `${daemon.script} status says that it runs, and may mean pid ${pid} of user 1001, which is not the service's`,
      ],
    );
  });

  it('names another user’s process where a script took it for its daemon and started none', {
    skip: !MAY_BE_ANOTHER,
  }, async (test) => {
    const daemon = littleDaemon(test, { beforeStart: `(${ANYBODY}) && exit 0` });
    const pid = await daemon.stranger();
    const started = await localWith().start(daemon.script, { timeout: 1000 });
    assert.match(
      started.ok ? '' : started.message,
      new RegExp(
        `is stopped after start; pid ${pid} of user 1001 runs the same program, is not this service, and may have misled its init script$`,
      ),
    );
  });

  for (const [answer, state] of [
    ['exit 0', 'running'],
    ['exit 1', 'failed'],
    ['exit 2', 'failed'],
    ['exit 3', 'stopped'],
    ['exit 4', 'unknown'],
    ['exit 150', 'unknown'],
    ['kill -9 $$', 'unknown'],
  ] as const) {
    it(`is ${state} where an interpreter runs it, its pid file is there, and its status says: ${answer}`, async (test) => {
      const daemon = littleDaemon(test, { status: answer });
      const text = readFileSync(daemon.script, 'utf8');
      writeFileSync(daemon.script, text.replace(/^DAEMON=.*$/m, ''));
      const other = spawn('sleep', ['60']);
      test.after(() => other.kill('SIGKILL'));
      writeFileSync(daemon.pidFile, `${other.pid}\n`);
      const seen = await localWith().state(daemon.script);
      assert.deepEqual([seen.state, seen.pid], [state, state === 'running' ? other.pid : null]);
      writeFileSync(daemon.pidFile, '');
    });
  }

  it('is unknown where neither its program nor its script tells', async (test) => {
    const daemon = littleDaemon(test);
    const text = readFileSync(daemon.script, 'utf8')
      .replace(/^DAEMON=.*$/m, '')
      .replace(/^status\)[\s\S]*?;;$/m, '');
    writeFileSync(daemon.script, text);
    const { state, reason } = await localWith(noFork).state(daemon.script);
    assert.deepEqual(
      [state, reason],
      ['unknown', `${daemon.script} does not say which program it starts, and has no status`],
    );
  });

  it('is unknown, with the reason, where the script cannot be asked', async (test) => {
    const { script } = littleDaemon(test, { pidFileLine: '' });
    const forkless: Commands = { ...localCommands(), run: async () => failure('EAGAIN', 'no process slot is left') };
    const state = await localWith(forkless).state(script);
    assert.deepEqual([state.state, state.reason], ['unknown', 'no process slot is left']);
  });

  it('is unknown, not failed, where its script cannot start what it asks', async (test) => {
    const { script } = littleDaemon(test, { pidFileLine: 'echo "little: 4: Cannot fork" >&2; exit 2' });
    assert.equal((await localWith().state(script)).state, 'unknown');
  });

  for (const name of ['../../bin/sh', '-rf', 'a b', 'x\ny', '', '.']) {
    it(`does not take ${JSON.stringify(name)} for the name of a service`, async () => {
      assert.equal((await localWith(noFork).state(name)).exists, false);
      assert.equal((await localWith(noFork).start(name, PATIENT)).ok, false);
    });
  }
});

function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

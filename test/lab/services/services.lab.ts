import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const checkout = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const lab = join(checkout, '../shared/lab/mail-storm');

/** Looks at Debian's own cron and Postfix in the real incident, stops and starts cron, and prints what it saw. */
const PROBE = `
const { localCommands } = await import('${checkout}/src/hosts/local/commands.ts');
const { localMachine } = await import('${checkout}/src/hosts/local/machine.ts');
const { localProcesses } = await import('${checkout}/src/hosts/local/processes.ts');
const { localServices } = await import('${checkout}/src/hosts/local/services.ts');
const { readFileSync, readlinkSync, readdirSync } = await import('node:fs');
const machine = localMachine();
const processes = localProcesses({ machine });
const commands = localCommands();
const services = localServices({ machine, commands, processes });
const noFork = { ...commands, run: async () => ({ ok: false, code: 'EAGAIN', message: 'no process slot is left' }) };
const forkless = localServices({ machine, commands: noFork, processes });
const name = process.argv[2];
process.umask(0o077);
const seen = {};
seen.other = (await forkless.state(name === 'cron' ? 'crond' : 'cron')).exists;
seen.before = await forkless.state(name);
seen.postfix = (await forkless.state('postfix')).state;
seen.stop = await services.stop(name, { timeout: 30000 });
seen.stopped = await forkless.state(name);
seen.start = await services.start(name, { timeout: 30000 });
const pid = seen.start.state.pid;
seen.umask = /Umask:\\t(\\d+)/.exec(readFileSync('/proc/' + pid + '/status', 'utf8'))[1];
seen.files = /Max open files +(\\d+)/.exec(readFileSync('/proc/' + pid + '/limits', 'utf8'))[1];
// cron closes what it was given once it is its own session: on a busy machine a moment after its pid file is there.
for (let tries = 0; tries < 50; tries += 1) {
  seen.descriptors = [0, 1, 2].map((fd) => readlinkSync('/proc/' + pid + '/fd/' + fd));
  if (seen.descriptors.every((path) => path === '/dev/null')) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
seen.environment = readFileSync('/proc/' + pid + '/environ', 'utf8').split('\\0').map((line) => line.split('=')[0]).filter((key) => /FIREBREAK|NODE|HOME|LAB/.test(key));
seen.forklessStop = await forkless.stop(name, { timeout: 10000 });
seen.again = (await services.start(name, { timeout: 30000 })).state;
const last = await services.start(name, { timeout: 30000 });
seen.same = last.ok && last.state.pid === seen.again.pid;
console.log(JSON.stringify(seen));
`;

/**
 * Stops cron with 0, 1, 2 and 3 process slots left for us: the engine sits in a pids cgroup of its own, cron does not.
 */
const CROWDED = `
const { localCommands } = await import('${checkout}/src/hosts/local/commands.ts');
const { localMachine } = await import('${checkout}/src/hosts/local/machine.ts');
const { localProcesses } = await import('${checkout}/src/hosts/local/processes.ts');
const { localServices } = await import('${checkout}/src/hosts/local/services.ts');
const { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } = await import('node:fs');
const machine = localMachine();
const processes = localProcesses({ machine });
const services = localServices({ machine, commands: localCommands(), processes });
const root = existsSync('/sys/fs/cgroup/pids') ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup';
const seen = [];
for (const slots of [0, 1, 2, 3]) {
  const group = root + '/firebreak-lab-' + process.pid + '-' + slots;
  mkdirSync(group);
  const move = (to) => writeFileSync(to + '/cgroup.procs', '0');
  try {
    move(group);
    writeFileSync(group + '/pids.max', String(Number(readFileSync(group + '/pids.current', 'utf8')) + slots));
    const stopped = await services.stop('cron', { timeout: 20000 });
    seen.push(stopped.ok ? stopped.state.state : stopped.message);
  } finally {
    move(root);
    rmdirSync(group);
  }
  const started = await services.start('cron', { timeout: 20000 });
  if (!started.ok) throw new Error(started.message);
}
console.log(JSON.stringify(seen));
`;

/** A command that cannot be killed: frozen (cgroup v1's freezer keeps even KILL waiting, as D state does). */
const FROZEN = `
const { localCommands } = await import('${checkout}/src/hosts/local/commands.ts');
const { mkdirSync, rmdirSync, writeFileSync } = await import('node:fs');
const group = '/sys/fs/cgroup/freezer/firebreak-lab-' + process.pid;
mkdirSync(group);
const script = 'echo $$ >' + group + '/cgroup.procs; echo FROZEN >' + group + '/freezer.state; sleep 60';
const result = await localCommands().run({ argv: ['sh', '-c', script], effect: 'write', timeout: 500 }, new AbortController().signal);
writeFileSync(group + '/freezer.state', 'THAWED');
for (let left = true; left; ) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  try {
    rmdirSync(group);
    left = false;
  } catch {}
}
console.log(JSON.stringify({ code: result.code }));
`;

it('a command that cannot be killed is declared so', async (test) => {
  const { code } = JSON.parse(await inLab(test, FROZEN, 'cron'));
  assert.equal(code, 'unkillable');
});

async function inLab(test: TestContext, program: string, name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-lab-'));
  test.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'probe.ts'), program);
  const { stdout } = await run(
    lab,
    ['--quiet', '--daemon', name, '--', process.execPath, join(folder, 'probe.ts'), name],
    {
      timeout: 120_000,
    },
  );
  return stdout.trim().split('\n').at(-1) ?? '';
}

it('the real cron is stopped with 0, 1, 2 and 3 process slots left', async (test) => {
  assert.deepEqual(JSON.parse(await inLab(test, CROWDED, 'cron')), ['stopped', 'stopped', 'stopped', 'stopped']);
});

for (const name of ['cron', 'crond']) {
  it(`the real ${name} is seen without a fork, stopped, started as init does, and stopped without a fork`, async (test) => {
    const stdout = await inLab(test, PROBE, name);
    const seen = JSON.parse(stdout);
    assert.deepEqual(
      [seen.before.state, seen.before.manager, seen.before.pid > 1, seen.other],
      ['running', 'sysv', true, false],
    );
    assert.equal(seen.postfix, 'stopped');
    assert.ok(seen.stop.ok && seen.start.ok, stdout);
    assert.equal(seen.stopped.state, 'stopped');
    assert.notEqual(seen.start.state.pid, seen.before.pid);
    assert.deepEqual([seen.umask, seen.files, seen.environment], ['0022', '1024', []]);
    assert.deepEqual(seen.descriptors, ['/dev/null', '/dev/null', '/dev/null']);
    assert.deepEqual(
      [seen.forklessStop.ok, seen.forklessStop.state?.state, seen.again.state, seen.same],
      [true, 'stopped', 'running', true],
    );
  });
}

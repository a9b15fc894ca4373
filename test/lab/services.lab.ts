import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const checkout = join(dirname(fileURLToPath(import.meta.url)), '../..');
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
seen.descriptors = [0, 1, 2].map((fd) => readlinkSync('/proc/' + pid + '/fd/' + fd));
seen.environment = readFileSync('/proc/' + pid + '/environ', 'utf8').split('\\0').map((line) => line.split('=')[0]).filter((key) => /FIREBREAK|NODE|HOME|LAB/.test(key));
seen.forklessStop = await forkless.stop(name, { timeout: 10000 });
seen.again = (await services.start(name, { timeout: 30000 })).state;
const last = await services.start(name, { timeout: 30000 });
seen.same = last.ok && last.state.pid === seen.again.pid;
console.log(JSON.stringify(seen));
`;

for (const name of ['cron', 'crond']) {
  it(`the real ${name} is seen without a fork, stopped, started as init does, and stopped without a fork`, async (test) => {
    const folder = mkdtempSync(join(tmpdir(), 'firebreak-lab-'));
    test.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'probe.ts'), PROBE);
    const { stdout } = await run(lab, ['--quiet', '--daemon', name, '--', process.execPath, join(folder, 'probe.ts'), name], {
      timeout: 120_000,
    });
    const seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.deepEqual([seen.before.state, seen.before.manager, seen.before.pid > 1, seen.other], ['running', 'sysv', true, false]);
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

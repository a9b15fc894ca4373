import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { type Daemon, littleDaemon } from '../../support/hosts/daemon.ts';
import { eventually } from '../../support/hosts/programs.ts';

/**
 * Whoever restarts a service at three in the morning has a shell with limits, a nice value, an oom score of its own.
 * Its daemon must not get them.
 */
const CALLER = `ulimit -S -f 200000; ulimit -S -t 100000; ulimit -S -s 4096
echo 400 >/proc/self/oom_score_adj
umask 077
trap '' INT QUIT HUP
exec nice -n 5 "$@"`;
const SRC = join(import.meta.dirname, '../../../src');
const SUPPORT = join(import.meta.dirname, '../../support');

const START = {
  'by its init script':
    'await (await import(`${SRC}/hosts/local.ts`)).localHost().services.start(script, { timeout: 60000 });',
  'by a lease':
    "await (await import(`${SRC}/hosts/local.ts`)).localHost().services.arm({ id: 'like-init', service: script, within: 100 });",
  'on a far host': `const { shellRemote } = await import(\`\${SUPPORT}/hosts/shell-remote.ts\`);
const remote = shellRemote({});
const machine = (await import(\`\${SRC}/hosts/ssh/machine.ts\`)).sshMachine(remote);
const commands = (await import(\`\${SRC}/hosts/ssh/commands.ts\`)).sshCommands(remote);
const processes = (await import(\`\${SRC}/hosts/ssh/processes.ts\`)).sshProcesses({ remote, machine });
await (await import(\`\${SRC}/hosts/ssh/services.ts\`)).sshServices({ remote, machine, commands, processes }).start(script, { timeout: 60000 });
await remote.close();`,
} as const;

async function startedBy(test: TestContext, how: string): Promise<Daemon> {
  const daemon = littleDaemon(test);
  const program = `const [SRC, SUPPORT, script] = ${JSON.stringify([SRC, SUPPORT, daemon.script])};\n${how}\nprocess.exit(0);`;
  const caller = spawn('/bin/sh', ['-c', CALLER, 'sh', process.execPath, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await once(caller, 'exit');
  await eventually(() => existsSync(join(daemon.folder, 'forever')) && existsSync(daemon.pidFile), 'it runs');
  return daemon;
}

const softLimits = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/^(Max .*?) {2,}(\S+)/gm)].map((match) => [match[1], match[2]] as const));
const field = (text: string, key: string): string => new RegExp(`^${key}:\\t(\\S+)`, 'm').exec(text)?.[1] ?? '';
const niceOf = (stat: string): string | undefined => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16];

for (const [way, how] of Object.entries(START)) {
  it(`a daemon that was started ${way} has the limits, nice value, oom score and cgroup of init, whoever started it`, async (test) => {
    const { pidFile } = await startedBy(test, how);
    const base = `/proc/${readFileSync(pidFile, 'utf8').trim()}`;
    const read = (file: string): string => readFileSync(`${base}/${file}`, 'utf8');
    const init = softLimits(readFileSync('/proc/1/limits', 'utf8'));
    const own = softLimits(read('limits'));
    for (const name of ['Max file size', 'Max cpu time', 'Max stack size', 'Max core file size'])
      assert.equal(own[name], init[name], name);
    assert.ok(Number(own['Max open files']) <= 1024);
    assert.equal(field(read('status'), 'Umask'), '0022');
    // Of SIGINT and SIGQUIT, which `&` in its own script ignores, that script has to answer for; SIGHUP was its
    // caller's.
    assert.equal(Number.parseInt(field(read('status'), 'SigIgn'), 16) & 1, 0);
    if (process.getuid?.() !== 0) return;
    assert.equal(niceOf(read('stat')), '0');
    assert.equal(read('oom_score_adj'), readFileSync('/proc/1/oom_score_adj', 'utf8'));
    if (!existsSync('/run/systemd/system')) assert.equal(read('cgroup'), readFileSync('/proc/1/cgroup', 'utf8'));
  });
}

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT, type InLab, LAB } from '../lab/lab.ts';

/** Hosts with systemd, sshd, cron and Postfix, for as long as a test file likes: one boot for all of its tests. */
export interface Fleet {
  readonly hosts: readonly string[];
  /** `$FLEET_SSH_CONFIG`, `$FLEET_INVENTORY`, `$FLEET_CONTROL`. */
  readonly sshConfig: string;
  readonly inventory: string;
  /** Where a host's files are seen from here, with nobody logging in. */
  rootOf(host: string): string;
  /** The host's process 1, as this machine numbers it. */
  initOf(host: string): number;
  /** A program where the hosts can be reached. */
  spawn(argv: readonly string[], options?: Started): ChildProcess;
  run(argv: readonly string[], options?: Started): Promise<InLab>;
  /** A script for a host's own /bin/sh, as root, by ssh. It must end with 0; gives what it printed. */
  on(host: string, script: string): Promise<string>;
  /** Ends a host as a power cut would, and waits until it is gone. */
  kill(host: string): Promise<void>;
  /** Boots it again, and waits until it answers. */
  start(host: string): Promise<void>;
  close(): Promise<void>;
}

interface Started {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Says where the hosts are, then keeps them up until its stdin ends: also where this process dies. */
const STAY = 'echo "$$ $FLEET_SSH_CONFIG $FLEET_INVENTORY $FLEET_CONTROL $FLEET_HOSTS"; exec cat >/dev/null';

export async function fleet({
  hosts,
  storm = false,
}: {
  readonly hosts: number;
  readonly storm?: boolean;
}): Promise<Fleet> {
  if (LAB === undefined) throw new Error('the lab is not here: set FIREBREAK_LAB to the folder of fleet');
  makeRoom(hosts);
  const child = spawn(
    join(LAB, 'fleet'),
    ['--hosts', String(hosts), ...(storm ? ['--storm'] : []), '--', 'sh', '-c', STAY],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let noise = '';
  child.stderr.setEncoding('utf8').on('data', (data) => (noise += data));
  const said = await firstLine(child);
  if (said === null) throw new Error(`the fleet did not come up:\n${noise}`);
  const [pid = '', sshConfig = '', inventory = '', control = '', ...names] = said.split(' ');
  return fleetOf(child, { pid, sshConfig, inventory, control, names });
}

/** Each systemd takes some six of them, of one kernel for all: with the usual 128 the twentieth host hangs at boot. */
function makeRoom(hosts: number): void {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  const wanted = 128 + 16 * hosts;
  if (Number(readFileSync(file, 'utf8')) < wanted) writeFileSync(file, String(wanted));
}

async function firstLine(child: ChildProcess): Promise<string | null> {
  let text = '';
  for await (const data of child.stdout ?? []) {
    text += data;
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  return null;
}

interface Place {
  readonly pid: string;
  readonly sshConfig: string;
  readonly inventory: string;
  readonly control: string;
  readonly names: readonly string[];
}

function fleetOf(child: ChildProcess, { pid, sshConfig, inventory, control, names }: Place): Fleet {
  const within = (argv: readonly string[], { env = {}, input }: Started = {}) =>
    spawn('nsenter', ['-t', pid, '-n', '--', ...argv], {
      cwd: CHECKOUT,
      env: {
        HOME: process.env.HOME,
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        FIREBREAK_NODE: process.execPath,
        ...env,
      },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
  const run = async (argv: readonly string[], options: Started = {}): Promise<InLab> => {
    const started = within(argv, options);
    // It may end before it has read all, a dead host's ssh for one.
    started.stdin?.on('error', () => {}).end(options.input);
    return ended(started);
  };
  const ssh = (host: string, input: string) =>
    run(['ssh', '-F', sshConfig, '-o', 'BatchMode=yes', host, 'exec /bin/sh -s'], { input });
  const containerOf = (host: string): string => readFileSync(join(dirname(sshConfig), `${host}.nspawn`), 'utf8').trim();
  const answers = async (host: string) => (await ssh(host, 'true')).code === 0;
  return {
    hosts: names,
    sshConfig,
    inventory,
    rootOf: (host) => join(dirname(sshConfig), host, 'root'),
    initOf: (host) =>
      Number(readFileSync(`/proc/${containerOf(host)}/task/${containerOf(host)}/children`, 'utf8').trim()),
    spawn: within,
    run,
    on: async (host, script) => {
      const { code, stdout, stderr } = await ssh(host, script);
      assert.equal(code, 0, `on ${host}: ${script}\n${stdout}${stderr}`);
      return stdout;
    },
    kill: async (host) => {
      writeFileSync(join(control, `${host}.kill`), '');
      await until(`${host} is gone`, () => !existsSync(`/proc/${containerOf(host)}`));
    },
    start: async (host) => {
      writeFileSync(join(control, `${host}.start`), '');
      await until(`${host} answers`, () => answers(host));
    },
    close: async () => {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}

export async function ended(child: ChildProcess): Promise<InLab> {
  const text = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (data) => (text.stdout += data));
  child.stderr?.setEncoding('utf8').on('data', (data) => (text.stderr += data));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

/** Fails with its words after two minutes. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`waited in vain until ${what}`);
    await sleep(200);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOwnPlaces } from '../test/support/lab/own-places.ts';
import { type Fence, fence } from './_cgroup.ts';
import { FIREBREAK, type Table } from './_measure.ts';

const HOSTS = Number(process.env.BENCH_CROWD ?? 200);
/** The root that ../shared/lab/fleet keeps. The fleet must have been booted once. */
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'firebreak-fleet');
/** Seconds: from when all hosts have begun until all are watched, and how long that is looked at. */
const SETTLE = 30;
const WINDOW = 20;

/** What it costs to follow 200 hosts on one screen, while each waits and is then watched. */
export async function crowd(): Promise<Table> {
  const work = mkdtempSync(join(tmpdir(), 'firebreak-crowd-'));
  mkdirSync(join(work, 'root'));
  const names = Array.from({ length: HOSTS }, (_, at) => `small${at + 1}`);
  const hosts = names.map((name, at) => smallHost(work, name, addressOf(at)));
  try {
    writeFiles(work, names);
    await Promise.all(names.map((_, at) => answers(addressOf(at))));
    const live = await followed(work, 'live', ['script', '-qfec', commandLine(work, []), '/dev/null']);
    const nobody = ['--unattended', '--policy', 'policy.yaml', '--output', 'ndjson'];
    const silent = await followed(work, 'silent', ['/bin/sh', '-c', `${commandLine(work, nobody)} >/dev/null`]);
    return tableOf(live, silent);
  } finally {
    for (const host of hosts) host.kill('SIGKILL');
    await Promise.all(
      hosts.map((host) => (host.exitCode === null && host.signalCode === null ? once(host, 'close') : undefined)),
    );
    rmSync(work, { recursive: true });
  }
}

async function answers(host: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const socket = connect({ host, port: 2200 });
    const up = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      sleep(1000, false),
    ]);
    socket.destroy();
    if (up) return;
    await sleep(200);
  }
  throw new Error(`the sshd of ${host} did not come up`);
}

const addressOf = (at: number): string => `127.77.${Math.floor(at / 250)}.${(at % 250) + 1}`;

/**
 * An sshd with processes, a name, /run, /srv and /tmp of its own over the lab's shared root: some 5 MB, and up at once.
 */
function smallHost(work: string, name: string, address: string): ChildProcess {
  const script = `hostname ${name}; mount --bind "$0" "$1" && mount -o remount,bind,ro "$1" && mount -t proc proc "$1/proc" &&
    for folder in run srv tmp var/log; do mount -t tmpfs tmpfs "$1/$folder"; done; mkdir -p "$1/run/sshd"; echo >"$1/srv/spool"
    exec chroot "$1" /usr/sbin/sshd -D -o ListenAddress=${address}:2200 -o PidFile=none`;
  const isolated = ['--mount', '--pid', '--uts', '--fork', '--kill-child', '--'];
  return spawn('unshare', [...isolated, 'sh', '-c', script, join(CACHE, 'root'), join(work, 'root')], {
    stdio: 'ignore',
  });
}

const RUNBOOK = `firebreak: 1
runbook: crowd
version: 1.0.0
title: many hosts wait
about: Changes nothing, waits, and watches.
diagnose:
  - id: spool
    files: {in: /srv}
    expect: {count: {at_least: 1}}
act:
  - id: stay
    why: there is something to be seen then
    wait: {for: 20s}
verify:
  - id: calm
    watch: {for: 5m, every: 10s}
    hold:
      - {of: $spool, count: {at_least: 1}}
`;
const POLICY =
  'firebreak_policy: 1\nabout: The crowd may wait.\nallow:\n  - {id: crowd, runbook: crowd, on_failure: leave, cool_down: 0s, fleet: {at_once: 300}}\n';

function writeFiles(work: string, names: readonly string[]): void {
  const key = readFileSync(join(CACHE, 'root/etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ');
  const entry = (name: string, at: number): string =>
    `Host ${name}\n  HostName ${addressOf(at)}\n  HostKeyAlias crowd\n`;
  const settings = `  User root\n  Port 2200\n  IdentityFile ${join(CACHE, 'key')}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${join(work, 'known_hosts')}\n`;
  writeFileSync(join(work, 'known_hosts'), `crowd ${key}\n`);
  writeFileSync(join(work, 'ssh_config'), `${names.map(entry).join('')}Host small*\n${settings}`);
  writeFileSync(join(work, 'hosts.yaml'), `all:\n  hosts:\n${names.map((name) => `    ${name}:\n`).join('')}`);
  writeFileSync(join(work, 'crowd.yaml'), RUNBOOK);
  writeFileSync(join(work, 'policy.yaml'), POLICY);
}

function commandLine(work: string, more: readonly string[]): string {
  const which = [
    '--inventory',
    'hosts.yaml',
    '--ssh-config',
    'ssh_config',
    '--at-once',
    String(HOSTS),
    '--batches',
    'rest',
  ];
  const words = [FIREBREAK, 'run', './crowd.yaml', ...which, ...more];
  return `cd ${work}; stty cols 120 rows 40 2>/dev/null; exec ${words.join(' ')}`;
}

/** The questions at the terminal, and the answers. */
const QUESTIONS: readonly (readonly [string, string])[] = [
  ['what now?', 'run\r'],
  ['Type the number of hosts', `${HOSTS}\r`],
];

interface Cost {
  /** Of one core. */
  readonly engine: number;
  readonly all: number;
  /** MiB at the peak, of the engine. */
  readonly memory: number;
}

async function followed(work: string, name: string, argv: readonly string[]): Promise<Cost> {
  const inside = fence(name);
  const own = inOwnPlaces(join(work, name), argv);
  const env = { ...process.env, HOME: work, ...own.env, TERM: 'xterm-256color', CI: '' };
  const [program = '', ...args] = [...inside.enter, ...own.argv];
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let shown = '';
  // A question is on the screen a moment before it takes input.
  const reply = (text: string) => setTimeout(() => child.stdin.write(text), 500);
  const answered = new Set<string>();
  const keep = (data: unknown) => {
    shown = (shown + data).slice(-20_000);
    for (const [question, answer] of QUESTIONS)
      if (shown.includes(question) && !answered.has(question)) {
        answered.add(question);
        reply(answer);
      }
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  try {
    await allBegun(join(work, name), () => shown);
    await sleep(SETTLE * 1000);
    const engine = engineIn(inside);
    if (engine === undefined) throw new Error(`the crowd's run has ended:\n${shown}`);
    const before = { engine: ticksOf(engine), all: inside.used() };
    await sleep(WINDOW * 1000);
    const spent = { engine: ticksOf(engine) - before.engine, all: inside.used() - before.all };
    return { engine: spent.engine / 10 / WINDOW, all: spent.all / 10 / WINDOW, memory: peakOf(engine) };
  } finally {
    await inside.close();
  }
}

/** Each host has a journal, and the fleet has one more. */
async function allBegun(state: string, shown: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (globSync(join(state, 'runs/*/journal.ndjson')).length > HOSTS) return;
    await sleep(1000);
  }
  throw new Error(`not all of the crowd have begun:\n${shown()}`);
}

function engineIn(inside: Fence): number | undefined {
  return inside.pids().find((pid) => readlinkSync(`/proc/${pid}/exe`) === process.execPath);
}

/** User and system, in hundredths of a second, which makes milliseconds / 10. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

function tableOf(live: Cost, silent: Cost): Table {
  const percent = (value: number): string => `${value.toFixed(1)} % of a core`;
  return {
    title: `${HOSTS} hosts on one screen, each watched every 10 s, over ${WINDOW} s`,
    rows: [
      { what: 'the engine, with the live view on a terminal', milliseconds: null, note: percent(live.engine) },
      { what: 'the engine, nothing shown (NDJSON to /dev/null)', milliseconds: null, note: percent(silent.engine) },
      { what: 'so the view', milliseconds: null, aim: '< 20 %', note: percent(live.engine - silent.engine) },
      { what: 'all with the view, ssh too', milliseconds: null, note: percent(live.all) },
      {
        what: 'memory of the engine at its peak',
        milliseconds: null,
        aim: '< 200 MB',
        note: `${Math.round(live.memory)} MiB`,
      },
    ],
  };
}

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, within } from '../support/lab/engine.ts';
import { fault, type Means, type Tally } from '../support/lab/faults.ts';
import { stateFolder } from '../support/lab/scene.ts';

/**
 * A step whose command misbehaves. Each ends, or is named unkillable, within its deadline + 10 s, with the engine under
 * 100 MB; then what was done is undone.
 */
const DEADLINE = 1000;
const MOST = 100 * 1024;

interface Misbehaving {
  readonly name: string;
  /** A shell script; $1 is a folder of its own. */
  readonly script: string;
  readonly needs?: readonly Means[];
  /** Milliseconds; without it DEADLINE. */
  readonly deadline?: number;
  readonly exit: number;
  /** What it must say. */
  readonly says?: RegExp;
}

const CASES: readonly Misbehaving[] = [
  {
    name: 'a command that ignores TERM',
    script: "trap '' TERM; while :; do sleep 1; done",
    exit: 8,
    says: /did not end within 1 s/,
  },
  { name: 'a command that is stopped', script: 'kill -STOP $$; sleep 60', exit: 8, says: /did not end within 1 s/ },
  { name: 'a command whose grandchild holds the pipe', script: 'setsid sleep 30 & echo out', exit: 0 },
  {
    name: 'a command that hangs while a grandchild in a session of its own holds the pipe',
    script: 'setsid sh -c "trap : TERM; sleep 60; sleep 60" & echo $! >"$1/grandchild"; sleep 60',
    exit: 8,
    says: /did not end within 1 s/,
  },
  { name: 'a command that prints 1 GB', script: 'head -c 1073741824 /dev/zero', deadline: 120_000, exit: 0 },
];

for (const each of CASES)
  fault(
    each.name,
    { needs: each.needs ?? [], within: 180_000 },
    async (tally, context) => await endure(tally, stateFolder(context), each),
  );

fault(
  'a command that is frozen in D state (freezer cgroup)',
  { needs: ['freezer'], within: 60_000 },
  async (tally, context) => {
    const folder = stateFolder(context);
    const freezer = makeFreezer();
    try {
      const script = `echo $$ >${freezer.procs}; echo ${freezer.frozen} >${freezer.state}; sleep 60`;
      // Version 2 lets a frozen process be killed, version 1 does not.
      const says = freezer.version === 1 ? /did not end on KILL: pid \d+/ : /did not end within 1 s/;
      await endure(tally, folder, { name: 'frozen', script, exit: 8, says });
    } finally {
      await freezer.thaw();
    }
  },
);

async function endure(
  tally: Tally,
  folder: string,
  { script, deadline = DEADLINE, exit, says }: Misbehaving,
): Promise<void> {
  const [path, marked] = [join(folder, 'command.sh'), join(folder, 'marked')];
  writeFileSync(path, script);
  writeFileSync(marked, 'before\n');
  const begun = performance.now();
  const engine = startEngine(join(folder, 'engine'), runbook({ path, folder, marked, deadline }));
  const code = await within(deadline + 10_000 + STARTUP, engine.ended);
  const took = performance.now() - begun;
  tally.runs += 1;
  if (code === null) {
    engine.child.kill('SIGKILL');
    return void tally.hung.push(`not over ${Math.round(took)} ms after its start\n${engine.output()}`);
  }
  if (code !== exit) tally.wrong.push(`exit ${code} instead of ${exit}\n${engine.output()}`);
  if (says && !says.test(engine.output())) tally.wrong.push(`it does not say ${says}\n${engine.output()}`);
  if (exit === 8 && readFileSync(marked, 'utf8') !== 'before\n') tally.lost.push('the step before it was not undone');
  if (engine.peak() > MOST) tally.wrong.push(`${engine.peak()} kB of memory at the peak`);
  if (existsSync(join(folder, 'grandchild')) && lives(Number(readFileSync(join(folder, 'grandchild'), 'utf8'))))
    tally.wrong.push('its grandchild lives on');
  tally.note = `${(took / 1000).toFixed(1)} s with start-up, ${Math.round(engine.peak() / 1024)} MB at the peak`;
}

/** Of Node, on a machine under load. */
const STARTUP = 10_000;

const lives = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const runbook = ({
  path,
  folder,
  marked,
  deadline,
}: {
  path: string;
  folder: string;
  marked: string;
  deadline: number;
}): string => `
firebreak: 1
runbook: faults
version: 1.0.0
title: a command that misbehaves
about: For the fault suite.
diagnose:
  - id: disk
    disk: {path: /}
    expect: {space_free: {at_least: 0%}}
act:
  - id: mark
    why: something that can be undone
    edit: {file: ${marked}, add_line: {line: marked}}
  - id: command
    why: it misbehaves
    run: {argv: [/bin/sh, ${path}, ${folder}], effect: write, timeout: ${deadline}ms}
verify:
  - id: after
    disk: {path: /}
    expect: {space_free: {at_least: 0%}}
`;

interface Freezer {
  readonly version: 1 | 2;
  readonly procs: string;
  readonly state: string;
  readonly frozen: string;
  readonly thaw: () => Promise<void>;
}

function makeFreezer(): Freezer {
  const version = existsSync('/sys/fs/cgroup/freezer/tasks') ? 1 : 2;
  const group = join(version === 1 ? '/sys/fs/cgroup/freezer' : '/sys/fs/cgroup', `firebreak-faults-${process.pid}`);
  mkdirSync(group);
  const [state, frozen, thawed] = version === 1 ? ['freezer.state', 'FROZEN', 'THAWED'] : ['cgroup.freeze', '1', '0'];
  return {
    version,
    procs: join(group, 'cgroup.procs'),
    state: join(group, state),
    frozen,
    thaw: async () => {
      writeFileSync(join(group, state), thawed);
      // What was sent KILL while it was frozen dies now.
      for (let tries = 0; tries < 50 && readFileSync(join(group, 'cgroup.procs'), 'utf8') !== ''; tries += 1)
        await sleep(100);
      rmdirSync(group);
    },
  };
}

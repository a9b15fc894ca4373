import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, startEngine, within } from '../support/lab/engine.ts';
import { fault, inLanes, type Tally } from '../support/lab/faults.ts';
import { stateFolder } from '../support/lab/scene.ts';

/**
 * SIGINT and SIGTERM, once, twice, thrice, in the middle of each kind of step of an unattended run: it ends within ten
 * seconds, and what was done is undone or told.
 */
const PATIENCE = 10_000;
const BETWEEN = 250;

interface Kind {
  readonly name: string;
  /** The step at work when the signal comes; `folder` is its own. */
  readonly act: (folder: string) => string;
  /** May give what clears away afterwards. */
  readonly prepare?: (folder: string) => Promise<() => void>;
  readonly verify?: string;
  /** It is at work from here on. */
  readonly at: 'action.intended' | 'action.reserved' | 'watch.sampled';
}

async function manyFiles(folder: string): Promise<() => void> {
  const make = 'mkdir "$1" && cd "$1" && seq 80000 | xargs touch';
  await once(spawn('/bin/sh', ['-c', make, 'sh', join(folder, 'many')]), 'exit');
  return () => {};
}

const deleteThem = (folder: string): string => `delete: {files: {in: ${join(folder, 'many')}, type: file}, batch: 10}`;

const KINDS: readonly Kind[] = [
  { name: 'run', at: 'action.intended', act: () => 'run: {argv: [sleep, "60"], effect: write, timeout: 60s}' },
  {
    name: 'run that ignores TERM',
    at: 'action.intended',
    prepare: async (folder) => {
      writeFileSync(
        join(folder, 'deaf.sh'),
        `trap '' TERM; echo $$ >${join(folder, 'deaf.pid')}; while :; do sleep 1; done`,
      );
      return () => end(join(folder, 'deaf.pid'));
    },
    act: (folder) => `run: {argv: [/bin/sh, ${join(folder, 'deaf.sh')}], effect: write, timeout: 60s}`,
  },
  { name: 'wait', at: 'action.intended', act: () => 'wait: {for: 60s}' },
  {
    name: 'kill of what ignores TERM',
    at: 'action.intended',
    prepare: async (folder) => {
      const deaf = spawn('/bin/sh', ['-c', `trap '' TERM; : ${folder}; while :; do sleep 0.2; done`], {
        stdio: 'ignore',
      });
      deaf.unref();
      return () => void deaf.kill('SIGKILL');
    },
    act: (folder) => `kill: {processes: {args: {matches: '${folder}; while'}}, signal: TERM, kill_after: 5s}`,
  },
  { name: 'delete, before its first batch', at: 'action.intended', prepare: manyFiles, act: deleteThem },
  { name: 'delete, in the middle', at: 'action.reserved', prepare: manyFiles, act: deleteThem },
  {
    name: 'watch',
    at: 'watch.sampled',
    act: () => 'wait: {for: 1ms}',
    verify: 'watch: {for: 60s, every: 5s}\n    hold: [{of: $disk, space_free: {at_least: 0%}}]',
  },
];

/** After the third signal a command that would not end may still be there. */
function end(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch {
    // It has ended, as it should, or never began.
  }
}

function outlives(pidFile: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

fault(
  'SIGINT and SIGTERM, once, twice, thrice in each kind of step, unattended',
  { needs: [], within: 600_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    const points = KINDS.flatMap((kind) =>
      SIGNALS.flatMap((signal) => [1, 2, 3].map((presses) => ({ kind, signal, presses }))),
    );
    await inLanes(points, 4, async ({ kind, signal, presses }) => {
      const folder = join(root, `${kind.name.replaceAll(/\W+/g, '-')}-${signal}-${presses}`);
      mkdirSync(folder);
      const clear = await kind.prepare?.(folder);
      writeFileSync(join(folder, 'marked'), 'before\n');
      const engine = startEngine(join(folder, 'engine'), runbook(folder, kind));
      await engine.until(
        (event) =>
          event.type === kind.at && (!('step' in event) || event.type === 'watch.sampled' || event.step === 'slow'),
      );
      await sleep(100);
      for (let press = 0; press < presses; press += 1) {
        if (press > 0) await sleep(BETWEEN);
        engine.child.kill(signal);
      }
      const code = await within(PATIENCE, engine.ended);
      tally.runs += 1;
      // The kernel takes its time to end what was killed.
      for (let tries = 0; tries < 100 && outlives(join(folder, 'deaf.pid')); tries += 1) await sleep(50);
      if (code !== null && outlives(join(folder, 'deaf.pid')))
        tally.wrong.push(`${kind.name}, ${presses} x ${signal}: its command lives on`);
      clear?.();
      judge(tally, {
        where: `${kind.name}, ${presses} x ${signal}`,
        engine,
        code,
        marked: readFileSync(join(folder, 'marked'), 'utf8'),
        kind,
      });
    });
    tally.note = `${KINDS.map(({ name }) => name).join(', ')}; all over within 10 s`;
  },
);

interface Seen {
  readonly where: string;
  readonly engine: Engine;
  readonly code: number | null;
  readonly marked: string;
  readonly kind: Kind;
}

const [UNDONE, INCONCLUSIVE, LEFT, NOT_ALL] = [130, 7, 10, 9];

/** What it must end with, by what its journal says that was done. */
function codeFor({ engine, kind }: Seen): number {
  const events = engine.events();
  // The third signal leaves everything as it is, where it comes before the end.
  if (!events.some(({ type }) => type === 'run.finished')) return LEFT;
  if (kind.at === 'watch.sampled') return INCONCLUSIVE;
  // What a command, a kill or a deletion has done by then nobody can take back: the rest is undone, and that is said.
  const slow = events.find((event) => event.type === 'action.applied' && event.step === 'slow');
  const used = slow?.type === 'action.applied' ? Object.values(slow.applied.used) : [];
  return used.some((count) => count > 0) ? NOT_ALL : UNDONE;
}

function judge(tally: Tally, seen: Seen): void {
  const { where, engine, code, marked } = seen;
  if (code === null) {
    engine.child.kill('SIGKILL');
    return void tally.hung.push(`${where}\n${engine.output()}`);
  }
  const wanted = codeFor(seen);
  if (code !== wanted || (wanted === LEFT && !where.includes('3 x')))
    tally.wrong.push(`${where}: exit ${code}, and not ${wanted}\n${engine.output()}`);
  if ((code === UNDONE || code === NOT_ALL) && marked !== 'before\n')
    tally.lost.push(`${where}: what was done before is not undone\n${engine.output()}`);
  if (code === INCONCLUSIVE && marked !== 'before\nmarked\n')
    tally.lost.push(`${where}: the remedy was undone although nobody asked`);
  if (
    code === LEFT &&
    !/left to you[\s\S]*mark: put [\s\S]*firebreak resume [\s\S]*firebreak rollback /.test(engine.output())
  )
    tally.wrong.push(`${where}: it does not say what is left\n${engine.output()}`);
}

const runbook = (folder: string, { act, verify }: Kind): string => `
firebreak: 1
runbook: faults
version: 1.0.0
title: a step that takes its time
about: For the fault suite.
limits: {kill: 10, delete: 100000}
diagnose:
  - id: disk
    disk: {path: /}
    expect: {space_free: {at_least: 0%}}
act:
  - id: mark
    why: something that can be undone
    edit: {file: ${join(folder, 'marked')}, add_line: {line: marked}}
  - id: slow
    why: there must be time for a signal
    ${act(folder)}
verify:
  - id: after
    ${verify ?? 'disk: {path: /}\n    expect: {space_free: {at_least: 0%}}'}
`;

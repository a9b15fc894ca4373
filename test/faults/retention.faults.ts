import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTally } from '../../src/journal/tally.ts';
import { startEngine, within } from '../support/lab/engine.ts';
import { fault, inLanes, type Tally } from '../support/lab/faults.ts';
import { CHECKOUT } from '../support/lab/lab.ts';
import { stateFolder } from '../support/lab/scene.ts';

/**
 * kill -9 at each call of a look that takes the place of one before it: no run is lost without its line, and the next
 * look finishes what was begun.
 */
const PATIENCE = 60_000;
const uid = process.getuid?.() ?? 0;

const runbook = (folder: string): string => `firebreak: 1
runbook: faults
version: 1.0.0
title: nothing is wrong
limits: {edit: 1}
diagnose:
  - {id: wrong, text: {file: ${folder}/conf, matches: red}, expect: {matches: {at_least: 1}}}
act:
  - {id: paint, why: red is wrong, edit: {file: ${folder}/conf, set_line: {matching: red, to: blue}}}
verify:
  - {id: right, text: {file: ${folder}/conf, matches: red}, expect: {matches: {at_most: 0}}}
`;

async function look(folder: string, point: string | null): Promise<number | null> {
  const env = {
    FIREBREAK_NODE: join(CHECKOUT, 'test/faults/node-with-faults'),
    REAL_NODE: process.execPath,
    FAULT: point ?? '',
    // As root its state is laid over the fixed place.
    FAULT_STATE: uid === 0 ? '/var/lib/firebreak' : join(folder, 'engine/state'),
  };
  const calls = { CALLS: join(folder, 'calls') };
  const engine = startEngine(
    join(folder, 'engine'),
    runbook(folder),
    point === null ? {} : { env: { ...env, ...calls } },
  );
  return within(PATIENCE, engine.ended);
}

const runsIn = (folder: string): readonly string[] => readdirSync(join(folder, 'engine/state/runs'));

async function prepare(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'conf'), 'blue\n', { mode: 0o600 });
  await look(folder, null);
}

async function killedAt(tally: Tally, folder: string, point: number): Promise<void> {
  const where = `killed at call ${point}`;
  await prepare(folder);
  const seen = new Set(runsIn(folder));
  await look(folder, `kill:${point}`);
  tally.runs += 1;
  for (const run of runsIn(folder)) seen.add(run.replace(/^\.gone-/, ''));
  const code = await look(folder, null);
  if (code === null) return void tally.hung.push(where);
  const runs = runsIn(folder);
  if (code !== 2) tally.wrong.push(`${where}: the next look ended with ${code}`);
  if (runs.some((name) => name.startsWith('.'))) tally.wrong.push(`${where}: left ${runs.join(', ')}`);
  const finished = runs.filter((run) =>
    readFileSync(join(folder, 'engine/state/runs', run, 'journal.ndjson'), 'utf8').includes('run.finished'),
  );
  if (finished.length !== 1) tally.wrong.push(`${where}: ${finished.length} looks are kept`);
  const gone = new Set(readTally([{ path: join(folder, 'engine/state'), home: true }], uid).map((one) => one.gone));
  for (const run of seen)
    if (!runs.includes(run) && !gone.has(run)) tally.lost.push(`${where}: ${run} is gone, and no line tells of it`);
}

fault(
  'kill -9 at each call of a look that takes the place of the one before',
  { needs: [], within: 300_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    const counting = join(root, 'count');
    await prepare(counting);
    await look(counting, 'count');
    const calls = existsSync(join(counting, 'calls'))
      ? readFileSync(join(counting, 'calls'), 'utf8').split('\n').filter(Boolean).length
      : 0;
    await inLanes(
      Array.from({ length: calls }, (_, at) => at + 1),
      2,
      (point) => killedAt(tally, join(root, String(point)), point),
    );
    tally.note = `${calls} calls: one look is kept, each that went has its line`;
  },
);

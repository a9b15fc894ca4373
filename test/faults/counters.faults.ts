import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateOf } from '../../src/model/state.ts';
import { startEngine, within } from '../support/lab/engine.ts';
import { fault, inLanes, type Tally } from '../support/lab/faults.ts';
import { stateFolder } from '../support/lab/scene.ts';

/**
 * kill -9 in the middle of a delete under a limit: what it may have used counts, so that a refilled folder does not
 * lose more than the limit.
 */
const FILES = 2900;
const LIMIT = 3000;
const PATIENCE = 60_000;

const policy = `firebreak_policy: 1
allow:
  - {id: the-faults, runbook: faults, limits: {delete: ${LIMIT}}, cool_down: 0s}
`;

const runbook = (spool: string): string => `firebreak: 1
runbook: faults
version: 1.0.0
title: a folder is full
limits: {delete: ${LIMIT}}
diagnose:
  - {id: many, files: {in: ${spool}, type: file}, expect: {count: {at_least: 1}}}
act:
  - {id: empty, why: it is full, delete: {targets: $many, batch: 100}}
verify:
  - {id: gone, files: {in: ${spool}, type: file}, expect: {count: {at_most: 0}}}
`;

function fill(spool: string, from: number, count: number): void {
  for (let each = from; each < from + count; each += 1) writeFileSync(join(spool, `f${each}`), '');
}

async function once(
  tally: Tally,
  folder: string,
  { files, refill }: { readonly files: number; readonly refill: boolean },
) {
  const where = `killed at file ${files}${refill ? ', refilled' : ''}`;
  const spool = join(folder, 'spool');
  mkdirSync(spool, { recursive: true });
  fill(spool, 0, FILES);
  const under = [
    'strace',
    // As a grandchild: the pid stays the engine's, and so do its places.
    '-D',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=unlink',
    '-e',
    `inject=unlink:signal=SIGKILL:when=${files}`,
  ];
  const engine = startEngine(join(folder, 'engine'), runbook(spool), { policy, under });
  await engine.ended;
  tally.runs += 1;
  const gone = FILES - readdirSync(spool).length;
  const { unsettled } = stateOf(engine.events());
  const counted = unsettled[0]?.used.delete ?? 0;
  if (gone === FILES) tally.wrong.push(`${where}: it was not killed`);
  if (counted < gone) tally.lost.push(`${where}: ${gone} were gone, and ${counted} counted`);
  if (refill) fill(spool, FILES, gone);
  const before = readdirSync(spool).length;
  const again = startEngine(join(folder, 'engine'), runbook(spool), { policy, argv: ['resume'] });
  const code = await within(PATIENCE, again.ended);
  if (code === null) return void tally.hung.push(where);
  const left = readdirSync(spool).length;
  const total = gone + before - left;
  if (total > LIMIT) tally.twice.push(`${where}: ${total} were deleted under a limit of ${LIMIT}`);
  const wanted = refill && gone > LIMIT - FILES ? 5 : 0;
  if (code !== wanted || (wanted === 0 && left > 0))
    tally.wrong.push(`${where}: ${gone} gone, exit ${code}, ${left} left\n${again.output()}`);
}

fault(
  'kill -9 in a delete under a limit, then resume',
  { needs: ['strace'], within: 300_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    const points = [1, 2, 60, 802, 1700, 2899].flatMap((files) => [true, false].map((refill) => ({ files, refill })));
    await inLanes(points, 2, (point) => once(tally, join(root, `${point.files}-${point.refill}`), point));
    tally.note = `${tally.runs} points: never more than the limit, and what was not refilled is finished`;
  },
);

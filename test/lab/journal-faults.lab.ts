import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findRuns } from '../../src/journal/find.ts';
import { readJournal } from '../../src/journal/read.ts';
import { recallRecord } from '../../src/journal/records.ts';

const checkout = join(dirname(fileURLToPath(import.meta.url)), '../..');
const uid = process.getuid?.() ?? 0;

/** Writes twelve events and a record, moves home in the middle, and says on stdout what it was told is durable. */
const WRITER = `
const { openJournal } = await import('${checkout}/src/journal/append.ts');
const fs = await import('node:fs');
const root = process.argv[2];
const places = [{ path: root + '/home/place', home: true }, { path: root + '/run/place', home: false }];
let room = false;
const statfsSync = (path) => ({ ...fs.statfsSync(path), files: 1000, ffree: path.startsWith(root + '/home') && !room ? 0 : 900 });
const opened = await openJournal({ places, uid: ${uid}, run: 'r1', disk: { ...fs, statfsSync } });
if (!opened.ok) process.exit(73);
const say = (text) => fs.writeSync(1, text + '\\n');
const { journal } = opened;
for (let seq = 1; seq <= 12; seq += 1) {
  room = seq >= 6;
  if (seq === 4) say('record ' + (await journal.keep('YmVmb3Jl')));
  const fact = seq % 4 === 0 ? { type: 'step.finished', step: 's', outcome: 'done', reason: null } : { type: 'note', text: 'x'.repeat(100 * seq) };
  await journal.append({ v: 1, seq, at: '2026-11-23T16:55:04.000Z', mono: seq, run: 'r1', host: 'h', ...fact }, { light: seq % 5 === 0 });
  if (seq % 5 !== 0) say('event ' + seq);
}
await journal.close();
say('moved ' + journal.place.home);
`;

/** strace counts each call by itself. */
const CALLS = ['write', 'fdatasync', 'fsync', 'rename', 'mkdir', 'unlink', 'rmdir'] as const;

interface Told {
  /** The fault was met. */
  readonly met: boolean;
  readonly ended: boolean;
  readonly events: number;
  readonly record: string | null;
}

function folderFor(test: TestContext): string {
  const root = fs.mkdtempSync(join(tmpdir(), 'firebreak-faults-'));
  test.after(() => fs.rmSync(root, { recursive: true, force: true }));
  fs.writeFileSync(join(root, 'writer.ts'), WRITER);
  return root;
}

/** The writer under strace, with a fault at its Nth call. */
function write(root: string, call: string, fault: string): Told {
  for (const place of ['home', 'run']) {
    fs.rmSync(join(root, place), { recursive: true, force: true });
    fs.mkdirSync(join(root, place));
  }
  const log = join(root, 'strace.log');
  const argv = ['-f', '-o', log, '-e', `trace=${call}`, '-e', `inject=${call}:${fault}`];
  const { stdout, status, error } = spawnSync('strace', [...argv, process.execPath, join(root, 'writer.ts'), root], {
    encoding: 'utf8',
  });
  if (error) throw error;
  const events = [...stdout.matchAll(/^event (\d+)$/gm)].map((match) => Number(match[1]));
  const record = /^record ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? null;
  const met = /INJECTED|killed by SIGKILL/.test(fs.readFileSync(log, 'utf8'));
  return { met, ended: status === 0 && stdout.endsWith('moved true\n'), events: events.at(-1) ?? 0, record };
}

/** Nothing that was said to be durable is lost, and what is there is a whole beginning. */
function check(root: string, told: Told, fault: string): void {
  const places = ['home', 'run'].map((name) => ({ path: join(root, name, 'place'), home: name === 'home' }));
  const [run] = findRuns({ places, uid }).runs;
  if (run === undefined) {
    assert.deepEqual([told.ended, told.events, told.record], [false, 0, null], fault);
    return;
  }
  const read = readJournal(run.folder);
  if (fs.readFileSync(join(run.folder, 'journal.ndjson')).length > 0)
    assert.ok(read.ok, `${fault}: ${read.ok ? '' : read.message}`);
  const seqs = read.ok ? read.events.map(({ seq }) => seq) : [];
  assert.deepEqual(
    seqs,
    seqs.map((_, at) => at + 1),
    fault,
  );
  assert.ok(seqs.length >= told.events, `${fault}: told ${told.events}, there are ${seqs.length}`);
  if (told.record !== null) assert.equal(recallRecord(run.folder, told.record), 'YmVmb3Jl', fault);
}

for (const [title, calls, fault] of [
  ['killed -9 at any of its calls', CALLS, (nth: number) => `signal=SIGKILL:when=${nth}`],
  ['a call that fails once with EIO', [...CALLS, 'openat'], (nth: number) => `error=EIO:when=${nth}`],
  ['calls that fail with ENOSPC from then on', [...CALLS, 'openat'], (nth: number) => `error=ENOSPC:when=${nth}+`],
] as const) {
  it(`${title}: no event that was said to be durable is lost`, { timeout: 300_000 }, (test) => {
    const root = folderFor(test);
    const points = calls.map((call) => [call, sweep(root, call, fault)] as const);
    test.diagnostic(points.map(([call, met]) => `${call} ${met}`).join(', '));
    assert.deepEqual(
      points.filter(([, met]) => met === 0),
      [],
    );
  });
}

/** How many points there were: up to the first run that met no fault, which must have ended well. */
function sweep(root: string, call: string, fault: (nth: number) => string): number {
  for (let nth = 1; ; nth += 1) {
    const told = write(root, call, fault(nth));
    check(root, told, `${call} ${fault(nth)}`);
    if (told.met) continue;
    assert.ok(told.ended, `${call} ${fault(nth)} met nothing, and the writer did not end well`);
    return nth - 1;
  }
}

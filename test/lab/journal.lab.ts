import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const checkout = join(dirname(fileURLToPath(import.meta.url)), '../..');
const lab = join(checkout, '../shared/lab/mail-storm');

/** What both programs below begin with: a journal where root's journals go, and events to put into it. */
const SHARED = `
const { openJournal } = await import('${checkout}/src/journal/append.ts');
const { placesFor } = await import('${checkout}/src/journal/places.ts');
const { findRuns } = await import('${checkout}/src/journal/find.ts');
const { readJournal } = await import('${checkout}/src/journal/read.ts');
const { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } = await import('node:fs');
const { execFileSync } = await import('node:child_process');
const places = placesFor({ env: {}, uid: 0, home: '/root' });
const open = () => openJournal({ places, uid: 0, run: '20261123-165504-lab-0001' });
const event = (seq, fact) => ({ v: 1, seq, at: new Date().toISOString(), mono: seq, run: 'r', host: 'lab', ...fact });
const note = (seq) => event(seq, { type: 'note', text: 'note' });
const finished = (seq) => event(seq, { type: 'step.finished', step: 's', outcome: 'done', reason: null });
const seen = {};
`;

/** cron and its mailers go first: they take each inode that becomes free. */
const REMEDY = `
for (const signal of ['-KILL', '-KILL']) {
  try { execFileSync('pkill', [signal, '-x', 'cron|sendmail|postdrop']); } catch {}
}
for (const name of readdirSync(process.env.LAB_SPOOL)) rmSync(process.env.LAB_SPOOL + '/' + name);
`;

async function inLab(test: TestContext, program: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-lab-'));
  test.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'program.ts'), `${SHARED}${program}\nconsole.log(JSON.stringify(seen));\n`);
  const { stdout } = await run(lab, ['--quiet', '--', process.execPath, join(folder, 'program.ts')], {
    timeout: 120_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

it('with no inode free on /var the journal is written in /run, and is at home once maildrop is empty', async (test) => {
  const seen = await inLab(
    test,
    `
seen.inodes = statfsSync('/var').ffree;
const opened = await open();
seen.first = opened.ok ? opened.journal.folder : opened.message;
const { journal } = opened;
await journal.append(note(1), { light: false });
await journal.append(finished(2), { light: false });
seen.stays = journal.folder;
const record = await journal.keep('YmVmb3Jl');
const start = process.hrtime.bigint();
for (let seq = 3; seq <= 202; seq += 1) await journal.append(note(seq), { light: false });
seen.appendMs = Number(process.hrtime.bigint() - start) / 200e6;
${REMEDY}
await journal.append(finished(203), { light: false });
seen.home = journal.folder;
const again = process.hrtime.bigint();
for (let seq = 204; seq <= 303; seq += 1) await journal.append(note(seq), { light: false });
seen.appendAtHomeMs = Number(process.hrtime.bigint() - again) / 100e6;
await journal.close();
seen.record = await journal.recall(record);
const read = readJournal(journal.folder);
seen.events = read.ok ? read.events.length : read.message;
seen.left = readdirSync('/run/firebreak/runs');
seen.found = findRuns({ places, uid: 0 }).runs.map(({ folder }) => folder);
`,
  );
  const { appendMs, appendAtHomeMs, ...facts } = seen;
  test.diagnostic(
    `one append with fdatasync: ${Number(appendMs).toFixed(3)} ms in /run, ${Number(appendAtHomeMs).toFixed(3)} ms on ext4`,
  );
  assert.deepEqual(facts, {
    inodes: 0,
    first: '/run/firebreak/runs/20261123-165504-lab-0001',
    stays: '/run/firebreak/runs/20261123-165504-lab-0001',
    home: '/var/lib/firebreak/runs/20261123-165504-lab-0001',
    record: 'YmVmb3Jl',
    events: 303,
    left: [],
    found: ['/var/lib/firebreak/runs/20261123-165504-lab-0001'],
  });
});

it('with /var, /run and /dev/shm all full nothing is touched and the failure names each place', async (test) => {
  const seen = await inLab(
    test,
    `
for (const path of ['/run', '/dev/shm']) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,nr_inodes=1', 'tmpfs', path]);
const start = Date.now();
const opened = await open();
seen.failure = opened;
seen.fast = Date.now() - start < 1000;
seen.left = [readdirSync('/run'), readdirSync('/dev/shm')];
`,
  );
  const full = '(ENOSPC: no inode or no block is free)';
  assert.deepEqual(seen, {
    failure: {
      ok: false,
      code: 'no-journal',
      message: `the journal cannot be written: tried /var/lib/firebreak ${full}, /run/firebreak ${full}, /dev/shm/firebreak-0 ${full}; nothing was touched`,
    },
    fast: true,
    left: [[], []],
  });
});

it('a place whose folders fit and whose first block does not is left empty, and the next one is taken', async (test) => {
  const seen = await inLab(
    test,
    `
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k,nr_inodes=100', 'tmpfs', '/run']);
mkdirSync('/run/firebreak/runs', { recursive: true, mode: 0o700 });
try { writeFileSync('/run/full', 'x'.repeat(65536)); } catch {}
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=20', 'tmpfs', '/dev/shm']);
const opened = await open();
seen.folder = opened.ok ? opened.journal.folder : opened.message;
seen.left = readdirSync('/run/firebreak/runs');
`,
  );
  assert.deepEqual(seen, { folder: '/dev/shm/firebreak-0/runs/20261123-165504-lab-0001', left: [] });
});

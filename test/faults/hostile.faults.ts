import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localFiles } from '../../src/hosts/local/files.ts';
import { localMachine } from '../../src/hosts/local/machine.ts';
import { fault } from '../support/lab/faults.ts';
import { stateFolder } from '../support/lab/scene.ts';

/**
 * Exchanges the folder for a link to the victim and back, a thousand times, with three milliseconds in which it is the
 * folder.
 */
const SWAPPER = `
const fs = require('fs'); const [folder, moved, victim] = process.argv.slice(1); process.stdout.write('ready');
for (let n = 0; n < 1000; n += 1) { fs.renameSync(folder, moved); fs.symlinkSync(victim, folder); fs.unlinkSync(folder); fs.renameSync(moved, folder); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3); }`;

const FILES = 600;

fault(
  'a link swapped in for maildrop a thousand times while it is emptied',
  { needs: [], within: 120_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    const [folder, moved, victim] = [join(root, 'maildrop'), join(root, 'moved'), join(root, 'victim')];
    for (const each of [folder, victim]) {
      mkdirSync(each);
      for (let n = 0; n < FILES; n += 1) writeFileSync(join(each, `N${n}`), '');
    }
    const files = localFiles({ machine: localMachine() });
    const list = await files.list({ in: folder, type: ['file'] }, { sample: 0 });
    if (!list.ok) throw new Error(list.message);
    const swapper = spawn(process.execPath, ['-e', SWAPPER, folder, moved, victim], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(swapper, 'exit');
    await once(swapper.stdout, 'data');
    const options = { signal: new AbortController().signal, progress: () => {} };
    let deleted = 0;
    // A file at a time, so that many opens and unlinks meet many swaps.
    while (swapper.exitCode === null) {
      const result = await files.delete(list.handle, { ...options, batch: 1, limit: 1 });
      if (result.ok) deleted += result.deleted;
      await new Promise((next) => setImmediate(next));
    }
    await exited;
    tally.runs = 1000;
    const left = FILES - readdirSync(victim).length;
    if (left > 0) tally.lost.push(`${left} files of the victim are gone`);
    const last = await files.delete(list.handle, { ...options, batch: 1000, limit: Number.POSITIVE_INFINITY });
    if (!last.ok || readdirSync(folder).length > 0)
      tally.wrong.push(`the real folder is not empty: ${JSON.stringify(last)}`);
    tally.note = `${deleted} of ${FILES} files deleted between the swaps; of the victim nothing is gone`;
  },
);

fault(
  'a pid that is given to another process between plan and kill',
  { needs: ['root', 'namespaces'], within: 120_000 },
  async (tally) => {
    const inside = join(import.meta.dirname, 'inside-reuse.ts');
    const argv = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', process.execPath, inside];
    const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 100_000 });
    const { reused, killed } = JSON.parse(stdout) as { reused: number; killed: number };
    tally.runs = reused;
    if (killed > 0) tally.twice.push(`${killed} innocent processes were killed`);
    tally.note = 'the other one is a process of the same program';
  },
);

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Part, slowest } from '../support/slowest.ts';

/**
 * `npm run test:lab [-- NAME...]`: the files of this folder (those whose names begin so; what `all/` holds only where
 * it is named), two at a time. What boots
 * whole hosts is machine-wide, so it stands in one lane; all others have namespaces of their own. Prints a file's
 * output once it has ended, and the ten slowest.
 */
const root = resolve(import.meta.dirname, '../..');
const names = process.argv.slice(2);
const files = globSync(join(import.meta.dirname, '**/*.lab.ts'))
  .filter((file) =>
    names.length === 0 ? !file.includes('/lab/all/') : names.some((name) => file.includes(`/${name}`)),
  )
  .toSorted();
const bootsHosts = (file: string): boolean => /support\/fleet\/|LAB, 'fleet'/.test(readFileSync(file, 'utf8'));
/** What it measures is more while another lab keeps the processors busy: the collector of memory comes later then. */
const measures = (file: string): boolean => file.endsWith('/memory.lab.ts');
const {
  hosts = [],
  others = [],
  alone = [],
} = Object.groupBy(files, (file) => (bootsHosts(file) ? 'hosts' : measures(file) ? 'alone' : 'others'));

const parts: Part[] = [];
let failed = files.length === 0;
await Promise.all([lane([hosts, others]), lane([others])]);
await lane([alone]);
process.stdout.write(`\n${slowest(parts)}`);
process.exitCode = failed ? 1 : 0;

/** Works through the queues in turn; more than one lane may share a queue. */
async function lane(queues: readonly string[][]): Promise<void> {
  for (const queue of queues) for (let file = queue.shift(); file !== undefined; file = queue.shift()) await run(file);
}

async function run(file: string): Promise<void> {
  const [begun, name] = [performance.now(), relative(root, file)];
  const argv = ['--test', '--test-reporter=spec', '--test-timeout=1200000', file];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) failed = true;
  parts.push({ milliseconds: performance.now() - begun, name });
  process.stdout.write(`\n== ${name}\n${output}`);
}

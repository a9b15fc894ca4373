import { readdirSync } from 'node:fs';
import { once, print, type Table } from './_measure.ts';

/**
 * `npm run bench` measures everything on this machine side by side in one run; `npm run bench -- delete scan` only
 * these. `fleet` takes many minutes: `npm run bench:fleet`.
 */
const known = readdirSync(import.meta.dirname)
  .filter((file) => /^[a-z][a-z-]*\.ts$/.test(file) && file !== 'bench.ts')
  .map((file) => file.slice(0, -3));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(64);
}
// Everything is measured as it is shipped.
once(['npm', 'run', 'build']);
for (const name of wanted.length > 0
  ? wanted
  : ['start-up', 'steps', 'old-runs', 'scan', 'holds', 'delete', 'remedy']) {
  const { default: measure } = (await import(`./${name}.ts`)) as { default: () => Promise<Table | readonly Table[]> };
  for (const table of [await measure()].flat()) print(table);
}

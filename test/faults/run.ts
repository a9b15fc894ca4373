import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { ROW, type Row } from '../support/lab/faults.ts';
import { type Part, slowest } from '../support/slowest.ts';

/**
 * `npm run test:faults [-- NAME...] [-- --strict] [-- --write]`: the files of this folder (those whose names begin so),
 * then the table. Ends with node's own four counts. Strict, a skip is a failure; written, the table goes into README.md.
 */
const { values: wish, positionals: names } = parseArgs({
  options: { strict: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const here = import.meta.dirname;
const files = globSync(`${here}/*.faults.ts`)
  .filter((file) => names.length === 0 || names.some((name) => file.startsWith(join(here, name))))
  .sort();

const rows: Row[] = [];
const parts: Part[] = [];
const counts = { pass: 0, fail: 0, skipped: 0, allowed: 0 };
const begun = performance.now();

const stream = run({ files, concurrency: 1 });
stream.on('test:diagnostic', ({ message }) => {
  if (message.startsWith(ROW)) rows.push(JSON.parse(message.slice(ROW.length)) as Row);
});
stream.on('test:complete', ({ name, nesting, details }) => {
  if (nesting === 0) parts.push({ milliseconds: details.duration_ms, name });
});
stream.on('test:pass', ({ name, skip }) => {
  if (skip !== undefined && skip !== false) return skipped(name, String(skip));
  counts.pass += 1;
  console.log(`✔ ${name}`);
});
stream.on('test:fail', ({ name, details }) => {
  counts.fail += 1;
  const { cause } = details.error;
  console.log(`✖ ${name}\n${cause instanceof Error ? cause.message : String(cause ?? details.error)}`);
});

function skipped(name: string, reason: string): void {
  counts[wish.strict ? 'skipped' : 'allowed'] += 1;
  rows.push({ fault: name, runs: 0, lost: 0, twice: 0, hung: 0, result: `skipped: ${reason}` });
}

for await (const _ of stream);

const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
const table = tableOf(rows);
console.log(
  `\n${table}\n${rows.length} faults in ${minutes} min; ${counts.allowed} left out as this machine lacks the means\n`,
);
for (const name of ['pass', 'fail', 'skipped'] as const) console.log(`ℹ ${name} ${counts[name]}`);
process.stdout.write(slowest(parts));
if (wish.write) writePage();
process.exitCode = counts.fail + counts.skipped > 0 || rows.length === 0 ? 1 : 0;

/** Columns as wide as their widest cell, so that it reads as well in a terminal as on a page. */
function tableOf(all: readonly Row[]): string {
  const lines = [
    ['fault', 'runs', 'lost', 'twice', 'hung', 'result'],
    ...all.map(({ fault, runs, lost, twice, hung, result }) => [
      fault,
      ...[runs, lost, twice, hung].map(String),
      result.replaceAll('|', '\\|'),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const padded = (line: readonly string[]) =>
    `| ${line.map((cell, at) => (at === 0 || at === 5 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(Math.max(1, width - 1))}:`)).join(' | ')} | --- |`;
  const [head = [], ...rest] = lines;
  return [padded(head), rule, ...rest.map(padded)].join('\n');
}

/** Rows of files that were not run this time stay as they were. */
function writePage(): void {
  const path = join(here, 'README.md');
  const page = readFileSync(path, 'utf8');
  const [before = '', after = ''] = page.split(/<!-- table -->[\s\S]*<!-- end -->/);
  const known = names.length === 0 ? [] : rowsIn(page);
  const anew = new Map(rows.map((row) => [row.fault, row]));
  const all = [
    ...known.map((row) => anew.get(row.fault) ?? row),
    ...rows.filter(({ fault }) => !known.some((row) => row.fault === fault)),
  ];
  writeFileSync(
    path,
    `${before}<!-- table -->\n${new Date().toISOString().slice(0, 10)}:\n\n${tableOf(all)}\n<!-- end -->${after}`,
  );
}

function rowsIn(page: string): readonly Row[] {
  return [...page.matchAll(/^\| (.+?) +\| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \| (.*) \|$/gm)].map(
    ([, name = '', runs, lost, twice, hung, result = '']) => ({
      fault: name,
      runs: Number(runs),
      lost: Number(lost),
      twice: Number(twice),
      hung: Number(hung),
      result: result.replaceAll('\\|', '|'),
    }),
  );
}

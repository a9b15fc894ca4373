import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inOwnPlaces } from '../test/support/lab/own-places.ts';
import { FIREBREAK, ROOT, type Table } from './_measure.ts';

/**
 * What old runs cost the next command, in processor time: a folder of 20 000 of them, looks that found nothing and runs
 * that held.
 */
const RUNS = 20_000;

export default async function oldRuns(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-old-runs-'));
  try {
    const runbook = join(folder, 'paint.yaml');
    writeFileSync(runbook, runbookText(folder), { mode: 0o600 });
    writeFileSync(
      join(folder, 'policy.yaml'),
      'firebreak_policy: 1\nallow:\n  - {id: paints, runbook: paint, cool_down: 1h}\n',
      {
        mode: 0o600,
      },
    );
    writeFileSync(join(folder, 'conf'), 'colour = blue\n');
    const spent = (...argv: readonly string[]) => processorTime(folder, argv);
    const run = ['run', runbook, '--unattended', '--policy', join(folder, 'policy.yaml')];
    const resume = ['resume', '--unattended', '--policy', join(folder, 'policy.yaml')];
    spent(...run);
    const few = { run: spent(...run), runs: spent('runs'), resume: spent(...resume) };
    fill(folder);
    return {
      title: `${RUNS} old runs (processor time)`,
      rows: [
        { what: 'run, with one old run', milliseconds: few.run },
        { what: `run, with ${RUNS}`, milliseconds: spent(...run), against: 'run, with one old run', aim: '< 1 s' },
        { what: 'runs, with one old run', milliseconds: few.runs },
        { what: `runs, with ${RUNS}`, milliseconds: spent('runs'), against: 'runs, with one old run', aim: '< 1 s' },
        { what: 'resume, with one old run', milliseconds: few.resume },
        {
          what: `resume, with ${RUNS}`,
          milliseconds: spent(...resume),
          against: 'resume, with one old run',
          aim: '< 1 s',
        },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const runbookText = (folder: string): string => `firebreak: 1
runbook: paint
version: 1.0.0
title: the colour is wrong
limits: {edit: 1}
diagnose:
  - {id: red, text: {file: ${folder}/conf, matches: red}, expect: {matches: {at_least: 1}}}
act:
  - {id: paint, why: red is wrong, edit: {file: ${folder}/conf, set_line: {matching: red, to: blue}}}
verify:
  - {id: right, text: {file: ${folder}/conf, matches: red}, expect: {matches: {at_most: 0}}}
`;

/** Five minutes apart, up to now: copies of the one that there is. */
function fill(folder: string): void {
  const runs = join(folder, 'state/runs');
  const [first = ''] = readdirSync(runs);
  mkdirSync(runs, { recursive: true });
  for (let each = 1; each <= RUNS; each += 1) {
    const at = new Date(Date.now() - each * 300_000).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    cpSync(join(runs, first), join(runs, `${at}-paint-${each.toString(16).padStart(4, '0').slice(-4)}`), {
      recursive: true,
    });
  }
}

/** User and system, in milliseconds, as the shell's `times` tells it of its children. */
function processorTime(folder: string, argv: readonly string[]): number {
  const own = inOwnPlaces(join(folder, 'state'), [FIREBREAK, ...argv], { lock: 'process' });
  const env = { ...process.env, HOME: folder, ...own.env };
  const { stdout } = spawnSync('/bin/sh', ['-c', '"$@" >/dev/null 2>&1; times', 'sh', ...own.argv], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  const [, children = ''] = stdout.trim().split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

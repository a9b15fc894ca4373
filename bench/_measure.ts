import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
export const FIREBREAK = join(ROOT, 'bin/firebreak');
/** With the flags of the launcher. */
const flags = /^exec "\$node" (.*) "\$entry"/m.exec(readFileSync(FIREBREAK, 'utf8'))?.[1]?.split(' ') ?? [];
export const NODE = [process.execPath, ...flags];

/** One line of the table. Milliseconds, unless the reference says otherwise. */
export interface Row {
  readonly what: string;
  readonly milliseconds: number | null;
  /** The row of the same table to compare with. */
  readonly against?: string;
  readonly aim?: string;
  readonly note?: string;
}

export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Median of `times` runs, in milliseconds, after one that does not count. `before` puts things right for each. */
export function timed(
  argv: readonly string[],
  options: { times?: number; env?: Record<string, string>; before?: () => void } = {},
): number {
  const { times = 11, env, before } = options;
  const took = Array.from({ length: times + 1 }, () => {
    before?.();
    return once(argv, env).milliseconds;
  });
  return median(took.slice(1));
}

export function once(argv: readonly string[], env: Record<string, string> = {}) {
  const [program = '', ...args] = argv;
  const started = performance.now();
  const result = spawnSync(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return {
    milliseconds: performance.now() - started,
    exit: result.status,
    stdout: result.stdout,
    stderr: result.stderr,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function which(program: string): string | null {
  const found = once(['/bin/sh', '-c', 'command -v "$1"', 'which', program]);
  return found.exit === 0 ? found.stdout.trim() : null;
}

export function print({ title, rows }: Table): void {
  const cells = rows.map((row) => {
    const base = rows.find(({ what }) => what === row.against)?.milliseconds;
    const ratio = base && row.milliseconds !== null ? `${(row.milliseconds / base).toFixed(2)} x` : '';
    return [
      row.what,
      row.milliseconds === null ? '-' : show(row.milliseconds),
      ratio,
      row.against ?? '',
      row.aim ?? '',
      row.note ?? '',
    ];
  });
  const head = ['', 'time', 'ratio', 'to', 'aim', ''];
  const width = head.map((_, at) => Math.max(...[head, ...cells].map((line) => (line[at] ?? '').length)));
  console.log(`\n${title}`);
  for (const line of [head, ...cells])
    console.log(`  ${line.map((cell, at) => cell.padEnd(width[at] ?? 0)).join('  ')}`.trimEnd());
}

const show = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;

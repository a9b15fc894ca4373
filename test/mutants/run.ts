import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MUTANTS, type Mutant, ROOT, sourcesOf, testOf, troubleWith, whereIs } from './table.ts';

/**
 * `npm run test:mutants` breaks a copy of the program in one place, and runs the test that must notice it. Each mutant
 * must die: the named test passes without it and fails with it. `npm run test:mutants -- lease journal` tries only the
 * rows that contain one of these words.
 */
const MINUTES = 10;
/** What nobody should wait for: a mutant that makes the test hang is as dead as one that makes it fail. */
const PATIENCE = 120_000;

interface Tried {
  readonly mutant: Mutant;
  /** Null: it died. */
  readonly trouble: string | null;
  readonly seconds: number;
}

interface Ran {
  readonly passed: number;
  readonly failed: number;
  readonly hung: boolean;
  readonly output: string;
}

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(
  (mutant) => words.length === 0 || words.some((word) => JSON.stringify(mutant).toLowerCase().includes(word)),
);
const started = performance.now();
const tried = await inLanes(chosen);
report(tried, (performance.now() - started) / 1000);

/** So many at once as there are processors, each in a copy of its own. */
async function inLanes(mutants: readonly Mutant[]): Promise<readonly Tried[]> {
  const queue = [...mutants];
  const results: Tried[] = [];
  const work = async (): Promise<void> => {
    const copy = copyTree();
    try {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const result = await tryOne(mutant, copy);
        results.push(result);
        console.log(`${result.trouble === null ? 'died    ' : 'NOT DEAD'}  ${result.mutant.promise}`);
        if (result.trouble !== null) console.log(`          ${result.trouble}`);
      }
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), mutants.length) }, work));
  return results;
}

/** What git knows or would add, and the libraries by a link. Without a build, so that it is the copy that runs. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'firebreak-mutants-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file), { verbatimSymlinks: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function tryOne(mutant: Mutant, copy: string): Promise<Tried> {
  const began = performance.now();
  const trouble = troubleWith(mutant, sourcesOf()) ?? (await survival(mutant, copy));
  return { mutant, trouble, seconds: (performance.now() - began) / 1000 };
}

/** Null: it died. */
async function survival(mutant: Mutant, copy: string): Promise<string | null> {
  const [file = ''] = whereIs(mutant, sourcesOf());
  const test = testOf(mutant) ?? '';
  const before = await run(mutant, test, copy);
  if (before.failed > 0 || before.hung || before.passed === 0)
    return `${mutant.test} is not green without it\n${before.output}`;
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  const broken = text.replace(mutant.search, () => mutant.replace);
  // A file that does not parse breaks every test, and proves nothing.
  stripTypeScriptTypes(broken);
  writeFileSync(path, broken);
  try {
    const after = await run(mutant, test, copy);
    return after.failed > 0 || after.hung ? null : `it survives ${mutant.test}`;
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * As root in namespaces of its own, so that what a mutant signals or mounts is nobody else's; every process ends with
 * it.
 */
async function run({ title }: Mutant, test: string, copy: string): Promise<Ran> {
  const only = title === undefined ? [] : ['--test-name-pattern', title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')];
  const command = [process.execPath, '--test', '--test-reporter=tap', `--test-timeout=${PATIENCE}`, ...only, test];
  const apart =
    process.getuid?.() === 0 ? ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] : [];
  const [program = '', ...args] = [...apart, ...command];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(program, args, { cwd: copy, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE * 1.5 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const signal = await new Promise<NodeJS.Signals | null>((done) => child.on('close', (_code, by) => done(by)));
  const counted = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const hung = signal !== null || counted('cancelled') > 0;
  // A test file that cannot be loaded counts as one that failed, without a test in it: that proves nothing.
  const loaded = !/ERR_MODULE_NOT_FOUND|SyntaxError|does not provide an export/.test(output);
  return { passed: counted('pass'), failed: loaded ? counted('fail') : 0, hung, output: output.slice(-3000) };
}

function report(all: readonly Tried[], seconds: number): void {
  const alive = all.filter(({ trouble }) => trouble !== null);
  const slowest = all.toSorted((one, other) => other.seconds - one.seconds).slice(0, 10);
  console.log(`\n${all.length} mutants in ${Math.round(seconds)} s, the slowest:`);
  for (const { mutant, seconds: took } of slowest) console.log(`  ${took.toFixed(1).padStart(5)} s  ${mutant.promise}`);
  if (seconds > MINUTES * 60)
    console.log(`That is more than ${MINUTES} minutes: name a title for the slowest, or a faster test.`);
  // As node's own test runner counts, for .ci/run.
  console.log(
    `\n${all.length - alive.length} died, ${alive.length} did not\nℹ pass ${all.length - alive.length}\nℹ fail ${alive.length}`,
  );
  if (alive.length > 0 || all.length === 0) process.exitCode = 1;
}

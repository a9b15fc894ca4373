import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../support/lab/lab.ts';
import { inOwnPlaces } from '../support/lab/own-places.ts';

/** What would be published, unpacked somewhere else: it does what the sources do, and needs nothing but a Node. */
const work = mkdtempSync(join(tmpdir(), 'firebreak-package-'));
const unpacked = join(work, 'package');
after(() => rmSync(work, { recursive: true }));

function run(argv: readonly string[], cwd = '/') {
  const own = inOwnPlaces(join(work, 'state'), argv);
  const [program = '', ...args] = own.argv;
  const env = { PATH: process.env.PATH, HOME: work, FIREBREAK_NODE: process.execPath, ...own.env };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return { status, stdout, stderr };
}

before(() => {
  const packed = run(['npm', 'pack', '--silent', '--pack-destination', work], CHECKOUT);
  assert.equal(packed.status, 0, packed.stderr);
  const archive = readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '';
  assert.equal(run(['tar', '-xzf', archive], work).status, 0);
});

test('the package holds the program, the library and the examples, and no sources', () => {
  assert.deepEqual(readdirSync(unpacked).toSorted(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'examples',
    'package.json',
    'runbooks',
  ]);
});

const SAME: readonly (readonly string[])[] = [
  ['--version'],
  ['--help'],
  ['list'],
  ['schema'],
  ['schema', 'policy'],
  ['check', 'runbooks', 'examples', 'package.json'],
  ['run', '--help'],
  ['run', 'cron-mail-storm'],
  ['plan', 'no-such-runbook'],
  ['plan', 'cron-mail-storm', '--param', 'watch=nonsense'],
];
for (const args of SAME) {
  test(`\`firebreak ${args.join(' ')}\` says what the sources say`, () => {
    const built = run([join(unpacked, 'bin/firebreak'), ...args], unpacked);
    const source = run([process.execPath, join(CHECKOUT, 'src/cli.ts'), ...args], CHECKOUT);
    const placed = (text: string) => text.replaceAll(CHECKOUT, unpacked);
    assert.deepEqual(
      { ...built },
      { status: source.status, stdout: placed(source.stdout), stderr: placed(source.stderr) },
    );
  });
}

test('a plan through the package looks at this machine with every probe', () => {
  const plan = run([join(unpacked, 'bin/firebreak'), 'plan', 'cron-mail-storm', '--json']);
  assert.equal(plan.status, 2, plan.stderr);
  const steps = (JSON.parse(plan.stdout) as { steps: { id: string; finding?: { unknown?: string } | null }[] }).steps;
  assert.deepEqual(
    steps
      .filter((step) => ['inodes', 'mailers', 'jobs'].includes(step.id))
      .map((step) => step.finding?.unknown ?? 'looked'),
    ['looked', 'looked', 'looked'],
  );
});

test('a program can import it', () => {
  const script = `import { loadRunbook, localHost } from ${JSON.stringify(join(unpacked, 'dist/index.js'))}; console.log(typeof loadRunbook, localHost().name);`;
  assert.equal(run([process.execPath, '--input-type=module', '-e', script]).stdout, 'function localhost\n');
});

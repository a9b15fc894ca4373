import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHECKOUT } from '../support/lab/lab.ts';
import { inOwnPlaces } from '../support/lab/own-places.ts';

/** The real program as root, with an environment that automation may have set. */
const work = mkdtempSync(join(tmpdir(), 'firebreak-places-'));
after(() => rmSync(work, { recursive: true }));
const BIN = join(CHECKOUT, 'bin/firebreak');

function root(argv: readonly string[], env: Readonly<Record<string, string>>) {
  const own = inOwnPlaces(join(work, 'state'), [BIN, ...argv], { lock: 'process' });
  const [program = '', ...args] = own.argv;
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { PATH: process.env.PATH, ...own.env, ...env },
    cwd: '/',
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

const COMMANDS = readdirSync(join(CHECKOUT, 'src/commands'))
  .filter((name) => /^[a-z-]+\.ts$/.test(name) && name !== 'drill.ts')
  .map((name) => name.slice(0, -'.ts'.length));

test('every command of root’s refuses FIREBREAK_STATE and FIREBREAK_LOCK, and makes nothing there', () => {
  const moved = join(work, 'moved');
  for (const name of ['FIREBREAK_STATE', 'FIREBREAK_LOCK'])
    for (const command of COMMANDS) {
      const { status, stdout, stderr } = root([command], { [name]: moved });
      assert.deepEqual([command, status, stdout], [command, 64, '']);
      assert.match(stderr, new RegExp(`^firebreak: ${name} is set, and root's runs do not take it: `));
    }
  assert.equal(existsSync(moved), false);
});

test('neither HOME nor XDG_STATE_HOME moves root’s journals', () => {
  const { status, stdout } = root(['doctor', '--json'], { HOME: work, XDG_STATE_HOME: join(work, 'xdg') });
  assert.equal(status, 0, stdout);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; seen: string }[] };
  assert.match(checks.find(({ name }) => name === 'journal')?.seen ?? '', /\/var\/lib\/firebreak/);
  assert.equal(existsSync(join(work, 'xdg')), false);
});

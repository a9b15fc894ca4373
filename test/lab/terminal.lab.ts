import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * Questions on a real terminal (tmux): what no fake stream shows. The story is played by test/support/views/demo.ts;
 * its answers are read off the screen.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOCKET = `firebreak-${process.pid}`;
const tmux = (...args: readonly string[]): string =>
  execFileSync('tmux', ['-L', SOCKET, '-f', '/dev/null', ...args], { encoding: 'utf8' });
after(() => {
  try {
    tmux('kill-server');
  } catch {
    // The last session has ended, and the server with it.
  }
});

let sessions = 0;
function terminal(columns: number, story: string) {
  sessions += 1;
  const name = `s${sessions}`;
  tmux('new-session', '-d', '-s', name, '-x', String(columns), '-y', '50', '-c', ROOT, 'sh');
  const keys = (...what: readonly string[]): string => tmux('send-keys', '-t', name, ...what);
  const screen = (): string => tmux('capture-pane', '-p', '-t', name, '-S', '-300');
  async function shows(pattern: RegExp): Promise<string> {
    for (let tries = 0; tries < 150; tries += 1) {
      if (pattern.test(screen())) return screen();
      await sleep(100);
    }
    return assert.fail(`never shown: ${pattern}\n${screen()}`);
  }
  keys(`'${process.execPath}' test/support/views/demo.ts terminal ${story} --speed=20; echo EXIT=$?`, 'Enter');
  return { keys, screen, shows };
}

const QUIT = /\{"choice":"quit","reason":"interrupted"\}\nEXIT=0/;

for (const key of ['C-c', 'C-d']) {
  test(`${key} at a question is the safe answer, not an exit with 13 or 0 of Node's own`, {
    timeout: 60_000,
  }, async () => {
    const { keys, shows } = terminal(80, 'undone');
    await shows(/stop-cron: what now\?/);
    keys(key);
    await shows(QUIT);
  });
}

test('after Ctrl-Z and fg the question still takes its answer', { timeout: 60_000 }, async () => {
  const { keys, shows } = terminal(80, 'undone');
  await shows(/stop-cron: what now\?/);
  keys('C-z');
  await shows(/Stopped/);
  keys('fg', 'Enter');
  await sleep(500);
  keys('run');
  await shows(/❯ run/);
  keys('Enter');
  await shows(/✔ stop-cron: what now\? run/);
  await shows(/The whole story: firebreak report/);
});

for (const columns of [80, 200]) {
  test(`at ${columns} columns a question shows what, why, targets and undo, and the end its verdict`, {
    timeout: 60_000,
  }, async () => {
    const { keys, shows } = terminal(columns, 'undone');
    const asked = await shows(/❯ show all/);
    for (const line of [
      /^will {6}stop service cron/m,
      /^why {7}every minute/m,
      /^target {4}cron$/m,
      /^undo {6}start cron again$/m,
    ])
      assert.match(asked, line);
    keys('run', 'Enter');
    const ended = await shows(/EXIT=0/);
    assert.match(ended, /^✔ stop-cron {7}cron is stopped/m);
    assert.match(ended, /^── result ─+\nROLLED BACK$/m);
    for (const line of ended.split('\n')) assert.ok([...line].length <= columns, line);
  });
}

test('a run that recurs at the very first look ends with its summary, though nothing else keeps the process alive', {
  timeout: 60_000,
}, async () => {
  const { shows } = terminal(80, 'at-once');
  const ended = await shows(/EXIT=\d+/);
  assert.match(ended, /^✘ calm {12}recurred: /m);
  assert.match(ended, /^RECURRED$[\s\S]*EXIT=0/m);
});

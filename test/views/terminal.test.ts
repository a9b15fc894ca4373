import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { Question } from '../../src/model/ports.ts';
import { askHidden, terminalView } from '../../src/views/terminal.ts';
import { demoEvents } from '../support/views/demo-events.ts';
import { killMailers, stopCron } from '../support/views/demo-plan.ts';
import { fakeTerminal, shows } from '../support/views/fake-terminal.ts';

const never = { signal: new AbortController().signal };
const about = (step: Question['step']): Question => ({ step, at: { number: 1, of: 5 }, undoable: [] });
const QUIT = { choice: 'quit', reason: 'interrupted' };

test('it is not constructed without a terminal on both ends', async () => {
  for (const end of ['stdin', 'stderr'] as const) {
    const { streams } = fakeTerminal();
    Object.assign(streams[end], { isTTY: false });
    await assert.rejects(terminalView({ streams, interrupts: never }), /needs a terminal on both ends/);
  }
});

test('a whole run is drawn, in rows that stay, on stderr alone, and the cursor comes back', async () => {
  const { streams, drawn } = fakeTerminal();
  const view = await terminalView({ streams, interrupts: never });
  for (const event of demoEvents('held')) await view.show(event);
  await view.close();
  const text = stripVTControlCharacters(drawn());
  for (const line of [
    '✔ stop-cron       cron is stopped  1 s',
    '✔ empty-maildrop  deleted 3 977 files, 2.3 MiB  2.5 s',
    'HELD',
  ])
    assert.ok(text.includes(line), line);
  assert.equal(drawn().split('\x1b[?25l').length, drawn().split('\x1b[?25h').length);
});

test('without colour only the cursor is moved, nothing is coloured', async () => {
  const { streams, drawn, type } = fakeTerminal();
  const view = await terminalView({ streams, interrupts: never, color: false });
  for (const event of demoEvents('held')) await view.show(event);
  const answer = view.ask.approve(about(stopCron));
  await shows(drawn, 'what now?');
  type('run\r');
  await answer;
  assert.doesNotMatch(drawn(), /\x1b\[[\d;]*m/);
});

test('a full word and Enter answer; the count is typed where it cannot be undone', async () => {
  const { streams, drawn, type } = fakeTerminal();
  const { ask } = await terminalView({ streams, interrupts: never });
  const answer = ask.approve(about(killMailers));
  await shows(drawn, 'what now?');
  type('run\r');
  await shows(drawn, 'Type the count, 42');
  type('41\r');
  await shows(drawn, 'that is not 42');
  type('\x7f2\r');
  assert.deepEqual(await answer, { choice: 'run', reason: null });
});

test('a password is not shown, an empty one is none, and Ctrl-C gives none', { timeout: 60_000 }, async () => {
  const { streams, stdin, drawn, type } = fakeTerminal();
  const answer = askHidden({ streams, interrupts: never }, "sudo's password, for all hosts:");
  await shows(drawn, 'for all hosts:');
  type('\r');
  await shows(drawn, 'type it, or Ctrl-C');
  type('correct horse\r');
  assert.equal(await answer, 'correct horse');
  assert.doesNotMatch(drawn(), /correct|horse|arrows/);
  const second = askHidden({ streams, interrupts: never }, 'again:');
  await shows(drawn, 'again:');
  type('half\x03');
  assert.equal(await second, null);
  assert.equal(stdin.isRaw, false);
});

test('Enter alone shows all, and asks again', async () => {
  const { streams, drawn, type } = fakeTerminal();
  const { ask } = await terminalView({ streams, interrupts: never });
  const answer = ask.approve(about(killMailers));
  await shows(drawn, 'what now?');
  type('\r');
  await shows(() => drawn().slice(drawn().indexOf(' 4141 ')), '❯ show all');
  type('quit\r');
  assert.deepEqual(await answer, { choice: 'quit', reason: null });
});

const LEAVINGS: Readonly<
  Record<string, (terminal: ReturnType<typeof fakeTerminal>, interrupt: AbortController) => void>
> = {
  'Ctrl-C': ({ type }) => type('\x03'),
  'Ctrl-D': ({ type }) => type('\x04'),
  'the end of stdin': ({ stdin }) => void stdin.end(),
  'a terminal that breaks': ({ stdin }) => void stdin.destroy(new Error('EIO')),
  'a signal to the process': (_, interrupt) => interrupt.abort('SIGTERM'),
};

for (const [name, leave] of Object.entries(LEAVINGS)) {
  test(`${name} during a question is the safe answer, and raw mode ends`, { timeout: 60_000 }, async () => {
    const terminal = fakeTerminal();
    const interrupt = new AbortController();
    const { ask } = await terminalView({ streams: terminal.streams, interrupts: interrupt });
    const answer = ask.approve(about(stopCron));
    await shows(terminal.drawn, 'what now?');
    leave(terminal, interrupt);
    assert.deepEqual(await answer, QUIT);
    assert.equal(terminal.stdin.isRaw, false);
  });
}

test('a question put after stdin has ended is answered at once, with what is safe', { timeout: 60_000 }, async () => {
  const { streams, stdin } = fakeTerminal();
  stdin.end();
  stdin.resume();
  await sleep(10);
  const { ask } = await terminalView({ streams, interrupts: never });
  assert.deepEqual(await ask.approve(about(stopCron)), QUIT);
  assert.equal(await ask.interrupted({ doing: 'x', undoable: [] }), 'quit');
});

test('after an interrupt the question what to do with it can still be answered', { timeout: 60_000 }, async () => {
  const { streams, drawn, type } = fakeTerminal();
  const { ask } = await terminalView({ streams, interrupts: { signal: AbortSignal.abort('SIGINT') } });
  assert.deepEqual(await ask.approve(about(stopCron)), QUIT);
  const answer = ask.interrupted({ doing: 'calm', undoable: ['stop-cron: start cron again'] });
  await shows(drawn, 'How shall it go on?');
  type('undo\r');
  assert.equal(await answer, 'undo');
});

test('what was typed before the question was there does not answer it', { timeout: 60_000 }, async () => {
  const { streams, drawn, type } = fakeTerminal();
  const { ask } = await terminalView({ streams, interrupts: never });
  type('run\r');
  const answer = ask.approve(about(stopCron));
  await shows(drawn, '❯ show all');
  type('quit\r');
  assert.deepEqual(await answer, { choice: 'quit', reason: null });
});

test('a Ctrl-C typed before the question was there is heard', { timeout: 60_000 }, async () => {
  const { streams, type } = fakeTerminal();
  const { ask } = await terminalView({ streams, interrupts: never });
  type('\x03');
  assert.deepEqual(await ask.approve(about(stopCron)), QUIT);
});

test('a frozen terminal is not drawn on, and holds nothing up', { timeout: 60_000 }, async () => {
  const { streams, stderr, drawn } = fakeTerminal();
  const view = await terminalView({ streams, interrupts: never });
  const events = demoEvents('held');
  const watching = events.findIndex((event) => event.type === 'watch.sampled');
  for (const event of events.slice(0, watching)) await view.show(event);
  Object.defineProperty(stderr, 'writableLength', { value: 1024 * 1024 });
  await sleep(20);
  const before = drawn().length;
  for (const event of events.slice(watching, watching + 30)) await view.show(event);
  await sleep(250);
  assert.equal(drawn().length, before);
  for (const event of events.slice(watching + 30)) await view.show(event);
  await view.close();
  assert.ok(stripVTControlCharacters(drawn()).includes('HELD'));
});

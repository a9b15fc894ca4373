import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualInterrupts, processInterrupts } from '../../src/wiring/interrupts.ts';

test('once asks for a safe point, a question can then be interrupted again, and the third time is the last', () => {
  const interrupts = manualInterrupts();
  interrupts.raise('SIGINT');
  assert.deepEqual([interrupts.signal.reason, interrupts.pressed], ['SIGINT', 1]);
  interrupts.rearm();
  assert.equal(interrupts.signal.aborted, false);
  interrupts.raise('SIGTERM');
  assert.deepEqual([interrupts.signal.reason, interrupts.pressed, interrupts.third.aborted], ['SIGTERM', 2, false]);
  interrupts.raise('SIGINT');
  assert.equal(interrupts.third.aborted, true);
});

test('the count starts again when the person goes on; a hang-up and a lease are not counted', () => {
  const interrupts = manualInterrupts();
  for (const reason of ['SIGHUP', 'a lease ran out', 'SIGINT', 'SIGINT']) interrupts.raise(reason);
  assert.equal(interrupts.pressed, 2);
  interrupts.reset();
  assert.deepEqual([interrupts.pressed, interrupts.signal.aborted], [0, false]);
});

test('an ignored reason never interrupts again', () => {
  const interrupts = manualInterrupts();
  interrupts.raise('SIGHUP');
  interrupts.ignore('SIGHUP');
  interrupts.raise('SIGHUP');
  assert.equal(interrupts.signal.aborted, false);
});

test('one Ctrl-C that comes twice at once, from the terminal and passed on, counts once', () => {
  const heard = new Map<string, () => void>();
  const interrupts = processInterrupts((signal, listener) => void heard.set(signal, listener));
  heard.get('SIGINT')?.();
  heard.get('SIGINT')?.();
  assert.equal(interrupts.pressed, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullJournal } from '../../src/journal/null.ts';
import type { Fact, RunEvent } from '../../src/model/event.ts';
import type { Journal, View } from '../../src/model/ports.ts';
import { spine } from '../../src/run/spine.ts';
import { quickClock } from '../support/rehearsal.ts';

const note = (text: string): Fact => ({ type: 'note', text });

function parts(log: string[], more: { readonly journal?: Partial<Journal>; readonly views?: readonly View[] } = {}) {
  const journal: Journal = {
    ...nullJournal('run-1'),
    append: async (event) => {
      await new Promise((next) => setImmediate(next));
      const { type, text } = { text: '', ...event };
      log.push(`journal ${event.seq}${type === 'note' && text.startsWith('a view') ? `: ${text}` : ''}`);
    },
    ...more.journal,
  };
  const view: View = { show: (event) => void log.push(`view ${event.seq}`), close: () => {} };
  return { run: 'run-1', host: 'here', journal, views: more.views ?? [view], clock: quickClock() };
}

test('an event is in the journal before any view sees it, in the order of the calls, also when nobody waits', async () => {
  const log: string[] = [];
  const emit = spine(parts(log));
  await Promise.all([emit(note('a')), emit(note('b')), emit(note('c'))]);
  assert.deepEqual(log, ['journal 1', 'view 1', 'journal 2', 'view 2', 'journal 3', 'view 3']);
});

test('events are numbered and stamped', async () => {
  const seen: RunEvent[] = [];
  const emit = spine(parts([], { views: [{ show: (event) => void seen.push(event), close: () => {} }] }));
  await emit(note('a'));
  assert.deepEqual(seen, [
    {
      v: 1,
      seq: 1,
      at: '1970-01-01T00:16:40.000Z',
      mono: 1_000_000,
      run: 'run-1',
      host: 'here',
      type: 'note',
      text: 'a',
    },
  ]);
});

test('after a failed append every later emit rejects and no view sees the event', async () => {
  const log: string[] = [];
  let fails = true;
  const emit = spine(
    parts(log, {
      journal: {
        append: async () => {
          if (fails) throw new Error('EIO');
        },
      },
    }),
  );
  await assert.rejects(emit(note('a')), { name: 'JournalError', message: 'Error: EIO' });
  fails = false;
  await assert.rejects(emit(note('b')), { name: 'JournalError' });
  assert.deepEqual(log, []);
});

test('a view that breaks is dropped and the journal says why; the other views and the run go on', async () => {
  const log: string[] = [];
  const broken: View = {
    show: () => {
      log.push('broken');
      throw new Error('EPIPE');
    },
    close: () => {},
  };
  const emit = spine(
    parts(log, { views: [broken, { show: (event) => void log.push(`view ${event.seq}`), close: () => {} }] }),
  );
  await emit(note('a'));
  await emit(note('b'));
  assert.deepEqual(log, [
    'journal 1',
    'broken',
    'view 1',
    'journal 2: a view broke at note and is not shown any more: Error: EPIPE',
    'view 2',
    'journal 3',
    'view 3',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask, Question } from '../../src/model/ports.ts';
import { askWith, type Choosing } from '../../src/views/ask.ts';
import { emptyMaildrop, killMailers, stopCron } from '../support/views/demo-plan.ts';
import { sameAsFixture } from '../support/views/golden.ts';
import { DEFAULT, personAt } from '../support/views/person.ts';

function person(...replies: Parameters<typeof personAt>[1]) {
  const { prompts, ...seen } = personAt(80, replies);
  return { ...seen, ask: askWith(prompts) };
}

const about = (step: Question['step'], undoable: readonly string[] = []): Question => ({
  step,
  at: { number: 2, of: 5 },
  undoable,
});

test('before an action a person sees what, why, exact targets and how it is undone, then full words', async () => {
  const { ask, screen, asked } = person('quit');
  await ask.approve(about(killMailers, ['stop-cron: start cron again']));
  const [question] = asked as Choosing<string>[];
  const words = question?.choices.map(({ value, about: text }) => `  ${value}: ${text}`) ?? [];
  sameAsFixture('views/ask-kill.txt', `${[...screen, question?.message, ...words].join('\n')}\n`);
});

test('Enter alone never runs anything, at any question', async () => {
  const { ask, asked } = person(DEFAULT, DEFAULT, DEFAULT, 'skip', DEFAULT, DEFAULT, null);
  assert.deepEqual(await ask.approve(about(stopCron)), { choice: 'quit', reason: 'interrupted' });
  assert.equal(asked.length, 7);
  assert.equal(await person(DEFAULT).ask.undo({ why: 'x', steps: [], dangerous: null }), 'leave');
  assert.equal(await person(DEFAULT).ask.undo({ why: 'x', steps: [], dangerous: 'cron mails again' }), 'leave');
  assert.deepEqual(await person(DEFAULT, DEFAULT).ask.confirm({ step: 's', text: 't' }), { done: false, reason: null });
  assert.equal(await person(DEFAULT).ask.interrupted({ doing: 'x', undoable: [] }), 'quit');
});

test('what can be undone runs at the word alone', async () => {
  assert.deepEqual(await person('run').ask.approve(about(stopCron)), { choice: 'run', reason: null });
});

test('what cannot be undone runs only once its count is typed; a wrong count is asked again', async () => {
  const { ask, screen } = person('run', '397', 'yes', '3977');
  assert.deepEqual(await ask.approve(about(emptyMaildrop)), { choice: 'run', reason: null });
  assert.equal(screen.filter((line) => line === '> that is not 3977; nothing has been done').length, 2);
});

test('the count may be typed as the screen shows it', async () => {
  for (const typed of ['3 977', '3,977', ' 3977 ']) {
    assert.deepEqual(await person('run', typed).ask.approve(about(emptyMaildrop)), { choice: 'run', reason: null });
  }
});

test('no count typed goes back to the choice', async () => {
  assert.deepEqual(await person('run', '', 'quit').ask.approve(about(emptyMaildrop)), { choice: 'quit', reason: null });
});

test('show all shows every target and asks again', async () => {
  const { ask, screen } = person('show all', 'run', '42');
  assert.deepEqual(await ask.approve(about(killMailers)), { choice: 'run', reason: null });
  const [first, all] = screen.join('\n').split('── 2 of 5').slice(1);
  assert.ok(!first?.includes(' 4141 ') && first?.includes('… 22 more: show all'));
  assert.ok(all?.includes(' 4141 ') && !all.includes('more: show all'));
});

test('a skip needs a reason', async () => {
  assert.deepEqual(await person('skip', '  ', 'skip', ' asleep ').ask.approve(about(stopCron)), {
    choice: 'skip',
    reason: 'asleep',
  });
});

test('each other word means what it says', async () => {
  assert.deepEqual(await person('done by hand').ask.approve(about(stopCron)), { choice: 'by-hand', reason: null });
  assert.deepEqual(await person('stop and undo').ask.approve(about(stopCron)), { choice: 'undo', reason: null });
});

test('an interrupt at any question changes nothing', async () => {
  const quit = { choice: 'quit', reason: 'interrupted' };
  assert.deepEqual(await person(null).ask.approve(about(stopCron)), quit);
  assert.deepEqual(await person('run', null).ask.approve(about(killMailers)), quit);
  assert.deepEqual(await person('skip', null).ask.approve(about(stopCron)), quit);
  assert.equal(await person(null).ask.undo({ why: 'x', steps: [], dangerous: null }), 'leave');
  assert.equal(await person(null).ask.undo({ why: 'x', steps: [], dangerous: 'y' }), 'leave');
  assert.deepEqual(await person(null).ask.confirm({ step: 's', text: 't' }), { done: false, reason: 'interrupted' });
  assert.equal(await person(null).ask.interrupted({ doing: 'x', undoable: ['y'] }), 'quit');
});

test('undo that brings the incident back needs its word typed', async () => {
  const { ask, screen } = person('yes', 'undo');
  assert.equal(
    await ask.undo({ why: 'kill failed', steps: ['silence-jobs: put it back'], dangerous: 'the jobs mail again' }),
    'undo',
  );
  assert.ok(screen.includes('  ! the jobs mail again'));
  assert.ok(screen.includes('> undo, or nothing'));
});

test('questions that an interrupt has caused do not hear that interrupt', async () => {
  const deaf = async (put: (ask: Ask) => Promise<unknown>): Promise<boolean> => {
    const { ask, asked } = person(null);
    await put(ask);
    return asked.every((question) => question.deaf === true);
  };
  assert.ok(await deaf((ask) => ask.undo({ why: 'x', steps: [], dangerous: null })));
  assert.ok(await deaf((ask) => ask.undo({ why: 'x', steps: [], dangerous: 'y' })));
  assert.ok(await deaf((ask) => ask.interrupted({ doing: 'x', undoable: [] })));
  assert.ok(!(await deaf((ask) => ask.approve(about(stopCron)))));
});

test('where a step of on_fail: ask failed, a person goes on, undoes or leaves it; an interrupt leaves it', async () => {
  const question = { step: 'few', why: 'few: wanted count at most 5, seen 9', undoable: ['stop-cron: start cron'] };
  for (const word of ['continue', 'undo', 'quit'] as const) assert.equal(await person(word).ask.failed(question), word);
  const { ask, screen } = person(null);
  assert.equal(await ask.failed(question), 'quit');
  assert.deepEqual(screen.slice(1), [
    '── failed ──────────────────────────────────────────────────────────────────────',
    'few: wanted count at most 5, seen 9',
    'undo would:',
    '  ↶ stop-cron: start cron',
  ]);
});

test('a step done by hand is confirmed, or refused with a reason', async () => {
  assert.deepEqual(await person('done').ask.confirm({ step: 's', text: 'call the owner' }), {
    done: true,
    reason: null,
  });
  assert.deepEqual(await person('not done', 'asleep').ask.confirm({ step: 's', text: 't' }), {
    done: false,
    reason: 'asleep',
  });
});

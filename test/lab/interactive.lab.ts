import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onTerminal, type StormTerminal } from '../support/lab/storm-terminal.ts';

/** The attended run in the real incident: each word of the question does what it says. */
const LIMIT = { timeout: 180_000 };

/** At the question before a step: says the word, and types the count where the action cannot be undone. */
async function answer(terminal: StormTerminal, step: string, word: string): Promise<void> {
  await terminal.shows(new RegExp(`^\\? ${step}: what now\\?`, 'm'));
  await terminal.says(word);
  if (word !== 'run' || !['kill-mailers', 'free-a-little', 'empty-maildrop'].includes(step)) return;
  const [, count = ''] =
    /[\s\S]*Type the count, (\d+),/.exec(await terminal.shows(/^\? This cannot be undone\. Type the count, \d+,/m)) ??
    [];
  await terminal.says(count);
}

async function answers(terminal: StormTerminal, words: Readonly<Record<string, string>>): Promise<void> {
  for (const [step, word] of Object.entries(words)) await answer(terminal, step, word);
}

const lines = (screen: string): readonly string[] => screen.split('\n').map((line) => line.trimEnd());

function ends(screen: string, verdict: string, exit: number, cron: 'runs' | 'stopped'): void {
  assert.ok(lines(screen).includes(verdict), screen);
  assert.deepEqual(lines(screen).filter(Boolean).slice(-2), [`EXIT=${exit}`, `CRON=${cron}`], screen);
}

/** Whole lines only: nothing is cut off at the edge, and nothing wraps. */
function fits(screen: string, columns: number): void {
  for (const line of lines(screen)) assert.ok([...line].length <= columns, line);
}

for (const columns of [80, 200]) {
  test(
    `at ${columns} columns each action is asked for, with what, why, targets and undo, and the run holds`,
    LIMIT,
    async () => {
      await onTerminal({ columns }, async (terminal) => {
        const first = await terminal.shows(/^\? stop-cron: what now\?/m);
        for (const part of [
          /^── 1 of 6 {2}stop-cron · stop ─+$/m,
          /^will +stop cron,/m,
          /^why +every minute cron adds more mail$/m,
          /^undo +start cron$/m,
        ])
          assert.match(first, part);
        for (const word of ['run', 'skip', 'show all', 'done by hand', 'stop and undo', 'quit'])
          assert.match(first, new RegExp(`^(❯| ) ${word} `, 'm'), 'the words, whole');
        assert.match(first, /^❯ show all /m, 'the safe one is under the cursor');
        const all = ['stop-cron', 'kill-mailers', 'free-a-little', 'silence-jobs', 'empty-maildrop', 'start-cron'];
        await answers(terminal, Object.fromEntries(all.map((step) => [step, 'run'])));
        const end = await terminal.ended();
        ends(end, 'HELD', 0, 'runs');
        fits(end, columns);
        assert.deepEqual(
          all.filter((step) => !end.includes(`✔ ${step}: what now? run`)),
          [],
        );
      });
    },
  );
}

test(
  'show all lists every target and asks again; what cannot be undone takes its count, and nothing typed goes back',
  LIMIT,
  async () => {
    await onTerminal({ columns: 80 }, async (terminal) => {
      await answers(terminal, { 'stop-cron': 'run', 'kill-mailers': 'show all' });
      const shown = await terminal.shows(/kill-mailers: what now\? show all[\s\S]*^\? kill-mailers: what now\?/m);
      const pids = [
        ...shown.slice(shown.indexOf('what now? show all')).matchAll(/^ +(\d+) +[\d.]+ (?:ms|s|min) /gm),
      ].map(([, pid]) => pid);
      const [, count] = /kill (\d+) processes/.exec(shown) ?? [];
      assert.equal(new Set(pids).size, Number(count), 'every process, not the first twenty');
      await terminal.says('run');
      await terminal.shows(/^\? This cannot be undone/m);
      await terminal.says('');
      await answer(terminal, 'kill-mailers', 'quit');
      const end = await terminal.ended();
      // What was stopped under a lease is started again as the engine ends.
      ends(end, 'INTERRUPTED', 130, 'runs');
      assert.match(end, /^ {2}· kill-mailers +not reached$/m);
    });
  },
);

test('after "stop and undo" behind the first action cron runs again, exit 130', LIMIT, async () => {
  await onTerminal({ columns: 80 }, async (terminal) => {
    await answer(terminal, 'stop-cron', 'run');
    await terminal.shows(/^\? kill-mailers: what now\?/m);
    terminal.inside('! service cron status >/dev/null 2>&1');
    await terminal.says('stop and undo');
    const end = await terminal.ended();
    ends(end, 'INTERRUPTED', 130, 'runs');
    assert.match(end, /^UNDO {2}/m);
    assert.match(end, /^ {2}✔ stop-cron +cron is running, pid \d+/m);
  });
});

test('what was done by hand is looked at again, and asked for again as long as it is not done', LIMIT, async () => {
  await onTerminal({ columns: 80 }, async (terminal) => {
    await answers(terminal, { 'stop-cron': 'run', 'kill-mailers': 'done by hand' });
    await terminal.shows(/was said to be done by\s+hand, but there is still this to do: kill\s+\d+\s+processes/);
    await terminal.shows(/^\? kill-mailers: what now\?/m);
    terminal.inside("pkill -x 'sendmail|postdrop'; sleep 0.5");
    await terminal.says('done by hand');
    await answers(terminal, {
      'free-a-little': 'run',
      'silence-jobs': 'run',
      'empty-maildrop': 'run',
      'start-cron': 'run',
    });
    const end = await terminal.ended();
    ends(end, 'HELD', 0, 'runs');
    assert.match(end, /^ {2}✔ kill-mailers +done by hand/m);
  });
});

test('a run whose silence-jobs was skipped, with a reason, ends recurred: exit 4', LIMIT, async () => {
  await onTerminal({ columns: 80 }, async (terminal) => {
    await answers(terminal, {
      'stop-cron': 'run',
      'kill-mailers': 'run',
      'free-a-little': 'run',
      'silence-jobs': 'skip',
    });
    await terminal.shows(/^\? Why is silence-jobs left out\?/m);
    await terminal.says('the mail is wanted');
    await answers(terminal, { 'empty-maildrop': 'run', 'start-cron': 'run' });
    const end = await terminal.ended();
    ends(end, 'RECURRED', 4, 'runs');
    assert.match(end, /^ {2}– silence-jobs +skipped: the mail is wanted$/m);
    assert.match(end, /^ {2}- mail: wanted growth at most 0, seen \d+$/m);
  });
});

test('a watch in which cron ran no job proves nothing: inconclusive, exit 7', LIMIT, async () => {
  await onTerminal({ columns: 80 }, async (terminal) => {
    await answers(terminal, {
      'stop-cron': 'run',
      'kill-mailers': 'run',
      'free-a-little': 'run',
      'silence-jobs': 'run',
      'empty-maildrop': 'run',
    });
    await terminal.shows(/^\? start-cron: what now\?/m);
    terminal.inside('crontab -u root -r');
    await terminal.says('run');
    const end = await terminal.ended();
    ends(end, 'INCONCLUSIVE', 7, 'runs');
    assert.match(end, /cron was seen to run and end a job in 0 of the 2\s+minutes that\s+prove it/);
  });
});

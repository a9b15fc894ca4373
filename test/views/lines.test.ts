import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Fact } from '../../src/model/event.ts';
import type { PaperAsked } from '../../src/views/draw/style.ts';
import { linesView } from '../../src/views/lines.ts';
import { demoEvents, STORIES, type Story } from '../support/views/demo-events.ts';
import { sameAsFixture } from '../support/views/golden.ts';

async function shown(story: Story, look: PaperAsked = {}): Promise<string> {
  let out = '';
  const view = linesView({
    ...look,
    write: (text) => {
      out += text;
    },
  });
  for (const event of demoEvents(story)) await view.show(event);
  await view.close();
  return out;
}

const stories = Object.keys(STORIES) as Story[];
const logOf = (text: string): readonly string[] => text.slice(0, text.indexOf('\n\n')).split('\n');

for (const story of stories) {
  for (const columns of [80, 200]) {
    test(`the run "${story}" in lines, its summary at ${columns} columns`, async () => {
      sameAsFixture(`views/lines-${story}-${columns}.txt`, await shown(story, { columns }));
    });
  }

  test(`colours change nothing but the colours of "${story}"`, async () => {
    const colored = await shown(story, { columns: 80, color: true });
    assert.equal(stripVTControlCharacters(colored), await shown(story, { columns: 80 }));
    assert.notEqual(colored, await shown(story, { columns: 80 }));
  });

  test(`every line of "${story}" begins with its time, its step and a word, however narrow the terminal`, async () => {
    const narrow = logOf(await shown(story, { columns: 40 }));
    assert.deepEqual(narrow, logOf(await shown(story, { columns: 200 })));
    for (const line of narrow) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}[\w-]+ +[\w-]+/);
  });
}

/** The lines of made-up facts, one every `apart` milliseconds of the run's own clock. */
function linesOf(facts: readonly Fact[], apart: number): readonly string[] {
  const out: string[] = [];
  const view = linesView({ write: (text) => out.push(text) });
  facts.forEach((fact, at) => {
    const stamp = { v: 1, seq: at + 1, at: '2026-11-23T03:00:00.000Z', mono: at * apart, run: 'r', host: 'h' } as const;
    view.show({ ...stamp, ...fact });
  });
  return out;
}

test('progress is a line every five seconds, not one a batch', () => {
  const facts = Array.from(
    { length: 100 },
    (_, done): Fact => ({ type: 'action.progress', step: 'd', progress: { done, total: 100, text: `${done}` } }),
  );
  assert.equal(linesOf(facts, 250).length, 5);
  assert.equal(linesOf(facts, 5000).length, 100);
});

test('a watch is a line every half minute, and at once where something changes', () => {
  const sample = (left: number, minutes: number, broken: readonly string[] = []): Fact => ({
    type: 'watch.sampled',
    step: 'calm',
    values: { 'mailers count': broken.length },
    broken,
    minutes,
    left,
  });
  const quiet = Array.from({ length: 21 }, (_, at) => sample(100_000 - at * 3000, 0));
  assert.equal(linesOf(quiet, 3000).length, 3);
  const changing = [
    sample(9000, 0),
    sample(8000, 0),
    sample(7000, 1),
    sample(6000, 1),
    sample(5000, 1, ['mailers: wanted count at most 0, seen 1']),
  ];
  assert.deepEqual(
    linesOf(changing, 1000).map((line) => line.slice(22).trim()),
    [
      'calm            watches    mailers count 0, 0 cron minutes seen, 9 s left',
      'calm            watches    mailers count 0, 1 cron minute seen, 7 s left',
      'calm            broken     mailers count 1, 1 cron minute seen, 5 s left, mailers: wanted count at most 0, seen 1',
    ],
  );
});

test('an event that this version does not know is passed over', () => {
  assert.deepEqual(linesOf([{ type: 'moon.risen' } as unknown as Fact], 1), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Block } from '../../../src/model/block.ts';
import { renderBlock } from '../../../src/views/draw/block.ts';
import { escaped, escapeJson } from '../../../src/views/draw/escape.ts';
import { paperOf } from '../../../src/views/draw/style.ts';
import { ndjsonView } from '../../../src/views/json.ts';
import { linesView } from '../../../src/views/lines.ts';
import { demoEvents, STORIES, type Story } from '../../support/views/demo-events.ts';
import { demoPlan } from '../../support/views/demo-plan.ts';
import { renderPlan } from '../../support/views/drawn.ts';

/**
 * What a terminal could obey or would hide: C0 but newline, DEL, C1, bidi controls, zero-width and other format
 * characters, lone surrogates.
 */
const FORBIDDEN = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\p{Cs}]/u;
/** The colours that Firebreak itself sets. */
const OURS = /\x1b\[(?:1|2|22|31|32|33|36|39)m/g;

/** Any text, with what is dangerous in it far more often than chance would have it. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\x1b[2J',
        '\x1b]0;title\x07',
        '\n',
        '\r',
        '\t',
        '\x00',
        '\x9b31m',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\ud800',
        'é',
        '日本',
        '\xff',
        '-rf',
        '%s',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const cell = hostile;
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), lines: fc.array(cell, { maxLength: 30 }) }),
  fc.record({
    kind: fc.constant('table' as const),
    title: cell,
    columns: fc.array(cell, { minLength: 1, maxLength: 6 }),
    rows: fc.array(fc.array(cell, { maxLength: 7 }), { maxLength: 25 }),
  }),
  fc.record({ kind: fc.constant('diff' as const), path: cell, before: cell, after: cell }),
  fc.record({
    kind: fc.constant('series' as const),
    title: cell,
    values: fc.array(fc.double({ noNaN: false }), { maxLength: 100 }),
  }),
);

/** Every text in a value replaced; keys and the words that the program itself compares stay. */
function poison<T>(value: T, poisonous: string): T {
  if (typeof value === 'string') return `${value}${poisonous}` as T;
  if (Array.isArray(value)) return value.map((item) => poison(item, poisonous)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, WORDS.has(key) ? item : poison(item, poisonous)]),
  ) as T;
}
/** Closed sets of words, and times: no host can put anything into them. */
const WORDS = new Set([
  'kind',
  'type',
  'phase',
  'verdict',
  'truth',
  'effect',
  'outcome',
  'mode',
  'choice',
  'at',
  'onFail',
  'costs',
  'used',
  'limits',
]);

test('what a terminal could obey is written out, one line of printable text', () => {
  assert.equal(escaped('a\nb\tc\r'), 'a\\nb\\tc\\r');
  assert.equal(escaped('\x1b[31mred\x07'), '\\x1b[31mred\\x07');
  assert.equal(escaped('\x9b2J \x7f \x00'), '\\x9b2J \\x7f \\x00');
  assert.equal(escaped('abc\u202excod.exe\u2066'), 'abc\\u{202e}xcod.exe\\u{2066}');
  assert.equal(escaped('\ud800x'), '\\u{d800}x');
  assert.equal(escaped('a\u00a0b\u200bc'), 'a\\xa0b\\u{200b}c');
});

test('text that is only unusual stays as it is', () => {
  for (const text of ['', 'plain', 'übergröße', '日本語', '🔥', 'a\\%b', '\xff', "it's"])
    assert.equal(escaped(text), text);
});

test('nothing that a terminal could obey comes out of any block, in any width, with and without colours', () => {
  fc.assert(
    fc.property(block, fc.integer({ min: 0, max: 250 }), fc.boolean(), fc.boolean(), (any, columns, color, all) => {
      const text = renderBlock(any, paperOf({ columns, color, all })).join('\n');
      assert.doesNotMatch(color ? text.replace(OURS, '') : text, FORBIDDEN);
    }),
    { numRuns: 200 },
  );
});

test('nothing that a terminal could obey comes out of a plan whose every text is hostile', () => {
  fc.assert(
    fc.property(hostile, fc.boolean(), (text, color) => {
      const plan = poison(demoPlan, text);
      assert.doesNotMatch(
        renderPlan(plan, { columns: 80, color, all: true, command: text }).replace(OURS, ''),
        FORBIDDEN,
      );
    }),
    { numRuns: 30 },
  );
});

for (const story of Object.keys(STORIES) as Story[]) {
  test(`nothing that a terminal could obey comes out of the line view of the hostile run "${story}"`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        let out = '';
        const write = (part: string): void => {
          out += part;
        };
        const view = linesView({ write, columns: 80, color: true });
        for (const event of poison(demoEvents(story), text)) view.show(event);
        assert.doesNotMatch(out.replace(OURS, ''), FORBIDDEN);
      }),
      { numRuns: 8 },
    );
  });
}

test('an event is one line of JSON that a terminal cannot obey and that parses to the same event', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const out: string[] = [];
      const view = ndjsonView({ write: (line) => out.push(line) });
      const events = poison(demoEvents('undone'), text);
      for (const event of events) view.show(event);
      assert.doesNotMatch(out.join(''), FORBIDDEN);
      assert.deepEqual(
        out.map((line) => JSON.parse(line)),
        JSON.parse(JSON.stringify(events)),
      );
      assert.ok(out.every((line) => line.endsWith('\n') && !line.slice(0, -1).includes('\n')));
    }),
    { numRuns: 20 },
  );
});

test('escaped JSON parses to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), hostile, (value, text) => {
      const json = JSON.stringify({ value, text });
      assert.deepEqual(JSON.parse(escapeJson(json)), JSON.parse(json));
    }),
  );
});

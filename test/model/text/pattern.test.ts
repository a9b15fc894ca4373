import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { fileMatches } from '../../../src/hosts/files/matches.ts';
import { matchesOf } from '../../../src/hosts/linux/matches.ts';
import { misfit } from '../../../src/model/runbook/constraint.ts';
import { fits } from '../../../src/model/runbook/judge.ts';
import { patternFault, patternOf } from '../../../src/model/text/pattern.ts';
import { wildcard } from '../../../src/model/text/wildcard.ts';
import { jobSelector, selects } from '../../../src/verbs/cron/jobs.ts';
import { lineEdit } from '../../../src/verbs/files/line-edit.ts';
import { assertNoSquare, processorTime } from '../../support/growth.ts';

/** Patterns that a backtracking engine can take for ever on, or the square of the text. */
const SLOW = [
  '(a+)+$',
  '^(a|aa)+$',
  '(a*)*b',
  'a+b',
  '(x+x+)+y',
  '(.*)*x',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(a|a)*c',
  '(?:a?){20}a{20}b',
];

/** Wherever a pattern of an author's meets a text of somebody else's. */
const PLACES: Readonly<Record<string, (pattern: string, text: string) => unknown>> = {
  'a pattern': (pattern, text) => patternOf(pattern).test(text),
  'a pattern that the whole text must match': (pattern, text) => patternOf(pattern, { whole: true }).test(text),
  'names of files': (pattern, text) => fileMatches({ in: '/', name: pattern }, 0, () => []).entry(text, 'file'),
  'arguments of processes': (pattern, text) =>
    matchesOf({ args: pattern }, (path) => path).dear({ exe: null, args: [text], uid: 0, user: 'root' }),
  'an expectation': (pattern, text) => fits(text, { matches: pattern }),
  'a parameter under a policy': (pattern, text) => misfit(text, { matches: pattern }),
  'commands of cron jobs': (pattern, text) =>
    selects(jobSelector({ command: { matches: pattern } }), {
      line: 1,
      schedule: '* * * * *',
      user: 'root',
      command: text,
      mailTo: null,
      mailed: false,
    } as unknown as Parameters<typeof selects>[1]),
  'lines that are removed': (pattern, text) => lineEdit(text, { kind: 'remove', matching: pattern }),
  'lines that are set': (pattern, text) => lineEdit(text, { kind: 'set', matching: pattern, to: '-' }),
  'what is replaced in lines': (pattern, text) => lineEdit(text, { kind: 'replace', pattern, with: '-' }),
  'the place of a new line': (pattern, text) => lineEdit(text, { kind: 'add', line: '-', place: { after: pattern } }),
};

for (const [place, held] of Object.entries(PLACES)) {
  test(`${place}: no pattern costs more than the text is long`, async () => {
    for (const pattern of SLOW) {
      assert.equal(patternFault(pattern), null, pattern);
      const floor = await processorTime(() => held('b', 'a'.repeat(4000)));
      await assertNoSquare(`${place}, ${pattern}`, floor, (share) => held(pattern, 'a'.repeat(20_000 * share)));
    }
  });
}

test('stars upon stars in the name of a host cost what the name is long', async () => {
  const floor = await processorTime(() => wildcard('*a*').test('a'.repeat(500)));
  await assertNoSquare('stars', floor, (share) => wildcard('*a*a*a*a*a*b').test('a'.repeat(5000 * share)));
});

test('what a linear engine cannot have is refused, with what to write instead', () => {
  const told = [
    '(?=a)',
    '(?!a)b',
    '(?<=a)b',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    '\\u00e9',
    '[^]',
    'a\\Z',
    'a{1001}',
    '(',
    'a{1000}b{1000}c{1000}',
  ].map((source) => {
    const fault = patternFault(source);
    return `${source}: ${fault?.reason}${fault?.hint === undefined ? '' : ` — ${fault.hint}`}`;
  });
  assert.deepEqual(told, [
    '(?=a): invalid or unsupported Perl syntax: `(?=` — there is no look-ahead and no look-behind, which can take for ever; say it with two conditions, or with `is_not`',
    '(?!a)b: invalid or unsupported Perl syntax: `(?!` — there is no look-ahead and no look-behind, which can take for ever; say it with two conditions, or with `is_not`',
    '(?<=a)b: invalid named capture: `(?<=a)b` — there is no look-ahead and no look-behind, which can take for ever; say it with two conditions, or with `is_not`',
    '(a)\\1: invalid escape sequence: `\\1` — there are no back-references, which can take for ever; write out what may stand there',
    '(?<n>a)\\k<n>: invalid escape sequence: `\\k` — there are no back-references, which can take for ever; write out what may stand there',
    '\\u00e9: invalid escape sequence: `\\u` — write the character itself, or \\x{e9}',
    '[^]: missing closing ]: `[^]` — for any character, a line break too, write (?s:.)',
    'a\\Z: invalid escape sequence: `\\Z` — write \\z for the end of the text',
    'a{1001}: invalid repeat count: `{1001}` — a count goes up to 1000',
    '(: missing closing ): `(`',
    'a{1000}b{1000}c{1000}: it is too large (3002 steps a character; 2000 are taken)',
  ]);
});

test('a plain pattern means what it means in JavaScript', () => {
  const parts = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '\\d',
    '\\w',
    '\\s',
    '^',
    '$',
    '(?:ab|ba)',
    '(a)',
    'a*',
    'b+',
    'a?',
    'b{1,2}',
    '|',
    '\\.',
    '\\-',
    '\\/',
  );
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '0', '.', ' ', '-', '/', '\n', '\xe9') });
  fc.assert(
    fc.property(
      fc.array(parts, { minLength: 1, maxLength: 6 }).map((all) => all.join('')),
      text,
      fc.boolean(),
      (source, given, lines) => {
        fc.pre(patternFault(source) === null);
        assert.equal(
          patternOf(source, { lines }).test(given),
          new RegExp(source, lines ? 'm' : '').test(given),
          `${source} on ${JSON.stringify(given)}`,
        );
        assert.equal(
          patternOf(source, { whole: true }).test(given),
          new RegExp(`^(?:${source})$`).test(given),
          `whole ${source} on ${JSON.stringify(given)}`,
        );
        assert.equal(
          patternOf(source).replaceAll(given, '<$&$$>'),
          given.replace(new RegExp(source, 'g'), '<$&$$>'),
          `replaced ${source} in ${JSON.stringify(given)}`,
        );
      },
    ),
    { numRuns: 3000 },
  );
});

test('a pattern that is taken without asking RE2 is one that RE2 takes, and means the same there', () => {
  const part = fc.constantFrom(
    ...'abZ_0 .-^$|()[]*+?{}\\/:&<>=!',
    '(?<',
    '(?:',
    '[a-z]',
    '[^a]',
    '\\d',
    '\\.',
    '(?<a>',
  );
  const given = fc.string({ unit: fc.constantFrom('a', 'b', 'Z', '0', '.', '-', '\n', '\r', '\u2028', '\xe9', '^') });
  const source = fc.array(part, { minLength: 1, maxLength: 9 }).map((all) => all.join(''));
  fc.assert(
    fc.property(source, given, fc.boolean(), (pattern, text, lines) => {
      fc.pre(patternFault(pattern) === null);
      const re2 = RE2JS.compile(pattern, lines ? RE2JS.MULTILINE : 0);
      assert.equal(patternOf(pattern, { lines }).test(text), re2.test(text), `${pattern} on ${JSON.stringify(text)}`);
      const exact = RE2JS.compile(pattern).testExact(text);
      assert.equal(
        patternOf(pattern, { whole: true }).test(text),
        exact,
        `whole ${pattern} on ${JSON.stringify(text)}`,
      );
    }),
    { numRuns: 3000 },
  );
  assert.notEqual(patternFault('(?<a>x)|(?<a>y)'), null);
});

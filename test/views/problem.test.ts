import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Problem } from '../../src/model/problem.ts';
import { problemsToJson, renderProblems } from '../../src/views/problem.ts';

function problem(line: number, column: number, length: number, more: Partial<Problem> = {}): Problem {
  return { code: 'a-code', message: 'the message', place: { file: 'a.yaml', line, column, length }, ...more };
}

function shown(text: string, ...problems: readonly Problem[]): string {
  return renderProblems(problems, { textOf: () => text, columns: 80 });
}

test('a problem shows its place, its line, what was meant, what is allowed and what to do', () => {
  const text = 'one\n  tow: 2\nthree\n';
  assert.equal(
    shown(text, problem(2, 3, 3, { suggestion: 'two', allowed: ['two', 'three'], hint: 'count again' })),
    `a.yaml:2:3: error[a-code]: the message
  |
2 |   tow: 2
  |   ^^^
  = did you mean two?
  = allowed: two, three
  = count again

1 problem
`,
  );
});

test('problems follow each other with an empty line between, and are counted', () => {
  assert.equal(
    shown('a\n', problem(1, 1, 1), problem(1, 2, 1)),
    `a.yaml:1:1: error[a-code]: the message
  |
1 | a
  | ^

a.yaml:1:2: error[a-code]: the message
  |
1 | a
  |  ^

2 problems
`,
  );
});

const carets = (text: string, line: number, column: number, length: number): readonly string[] =>
  shown(text, problem(line, column, length))
    .split('\n')
    .slice(2, 4)
    .map((row) => row.slice(row.indexOf('|') + 2));

test('tabs and wide characters keep the carets under what they mark', () => {
  assert.deepEqual(carets('\ta: x', 1, 5, 1), ['  a: x', '     ^']);
  assert.deepEqual(carets('漢字: x', 1, 5, 1), ['漢字: x', '      ^']);
  assert.deepEqual(carets('漢字: x', 1, 1, 2), ['漢字: x', '^^^^']);
  assert.deepEqual(carets('😀: x', 1, 5, 1), ['😀: x', '    ^']);
  assert.deepEqual(carets('e\u0301: x', 1, 5, 1), ['e\u0301: x', '   ^']);
});

test('control characters of the text and of the message are written out, never obeyed', () => {
  assert.deepEqual(carets('a: \x1b[2Jx', 1, 8, 1), ['a: \\x1b[2Jx', '          ^']);
  const all = renderProblems(
    [problem(1, 1, 1, { message: '\x1b[2J', suggestion: '\x07', allowed: ['\x9b'], hint: '\u202e' })],
    {
      textOf: () => '\x1b',
    },
  );
  assert.equal(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(all), false);
});

test('a very long line is shown around the place, within the width', () => {
  const text = `a: ${'x'.repeat(500)}HERE${'y'.repeat(500)}`;
  const [line = '', marks = ''] = carets(text, 1, 504, 4);
  assert.ok(line.startsWith('…') && line.endsWith('…') && line.length <= 76, line);
  assert.equal(line.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1), 'HERE');
  const [long = '', many = ''] = carets(text, 1, 4, 1000);
  assert.ok(long.length <= 76 && many.length <= 76, many);
});

test('a place at the end of a line, or in an option of the command line, is shown all the same', () => {
  assert.deepEqual(carets('abc', 1, 4, 1), ['abc', '   ^']);
  assert.equal(renderProblems([problem(1, 1, 1)]), 'a.yaml:1:1: error[a-code]: the message\n\n1 problem\n');
  assert.equal(renderProblems([]), '');
});

test('the whole list of allowed words is shown, on as many lines as it takes', () => {
  const words = [...Array(60).keys()].map((n) => `word-${n}`);
  const rows = shown('a', problem(1, 1, 1, { allowed: words })).split('\n');
  const list = rows
    .slice(
      rows.findIndex((row) => row.includes('allowed')),
      -1,
    )
    .filter((row) => row.includes('word-'));
  assert.ok(list.length > 5 && list.every((row) => row.length <= 80), list.join('\n'));
  assert.match(list[0] ?? '', /^ {2}= allowed: word-0, word-1, /);
  assert.match(list[1] ?? '', /^ {13}word-/);
  assert.deepEqual(list.join(' ').match(/word-\d+/g), words);
});

test('colours change no letter', () => {
  const problems = [problem(1, 1, 1, { suggestion: 'x', allowed: ['x'] })];
  const [plain, coloured] = [false, true].map((color) => renderProblems(problems, { textOf: () => 'abc', color }));
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured ?? ''), plain);
});

test('as JSON a problem is what it is', () => {
  assert.deepEqual(JSON.parse(problemsToJson([problem(1, 2, 3, { suggestion: 'x' })])), [
    problem(1, 2, 3, { suggestion: 'x' }),
  ]);
});

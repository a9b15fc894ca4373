import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../../../src/load/text/parse.ts';
import type { Json } from '../../../src/model/json.ts';
import { brief } from '../storm.ts';

function jsonOf(text: string): Json | undefined {
  const { source, problems } = parse('x.yaml', text);
  assert.deepEqual(problems.map(brief), []);
  return source?.value;
}
const problemsOf = (text: string): readonly string[] => parse('x.yaml', text).problems.map(brief);

test('YAML 1.2 keeps the words and times that YAML 1.1 would convert', () => {
  assert.deepEqual(jsonOf('a: no\nb: on\nc: 12:30\nd: 0o17\ne: 1_000\nf: ~\non: true\n'), {
    a: 'no',
    b: 'on',
    c: '12:30',
    d: 15,
    e: '1_000',
    f: null,
    on: true,
  });
});

test('anchors and aliases give the same value twice, each with its own place', () => {
  const { source } = parse('x.yaml', 'a: &list [x, y]\nb: *list\n');
  assert.deepEqual(source?.value, { a: ['x', 'y'], b: ['x', 'y'] });
  assert.deepEqual(source?.placeOf(['b']), { file: 'x.yaml', line: 2, column: 4, length: 5 });
  assert.deepEqual(source?.placeOf(['b', 1]), { file: 'x.yaml', line: 1, column: 14, length: 1 });
});

test('places are those of keys and values, in every style of YAML, with CRLF and a byte order mark too', () => {
  const text = 'a:\r\n  - "q": |\r\n      two\r\n      lines\r\n    # note\r\n    key  : {x: [1, 22]}\r\n';
  for (const [mark, shift] of [
    ['', 0],
    ['\uFEFF', 0],
  ] as const) {
    const { source } = parse('x.yaml', mark + text);
    const at = (path: (string | number)[], part: 'key' | 'value') => {
      const { line, column, length } = source?.placeOf(path, part) ?? { line: 0, column: 0, length: 0 };
      return `${line}:${column - shift}+${length}`;
    };
    assert.equal(at(['a', 0, 'q'], 'key'), '2:5+3');
    assert.equal(at(['a', 0, 'q'], 'value'), '2:10+1');
    assert.equal(at(['a', 0, 'key'], 'key'), '6:5+3');
    assert.equal(at(['a', 0, 'key', 'x', 1], 'value'), '6:20+2');
    assert.equal(at(['a', 0, 'missing', 'deeper'], 'value'), at(['a', 0], 'value'));
  }
});

test('YAML that no runbook may contain is reported with its place', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', ['1:1+1 empty-file']],
    ['\n \n', ['1:1+1 empty-file']],
    ['a: [1\nb: 2\n', ['2:1+1 yaml-syntax']],
    ['a: b: c\n', ['1:4+1 yaml-syntax']],
    ['a:\n\t- b\n', ['2:1+1 yaml-syntax']],
    ['a: "open\n', ['1:8+1 yaml-syntax']],
    ['a: 1\n---\nb: 2\n', ['2:1+3 yaml-syntax']],
    ['%YAML 1.1\n---\na: no\n', ['1:1+5 yaml-syntax']],
    ['a: !!python/object x\n', ['1:4+15 unknown-tag']],
    ['a: 1\nb: 2\na: 3\n', ['3:1+1 duplicate-key']],
    ['a: 007\n', ['1:4+3 leading-zero']],
    ['a: 99999999999999999999\n', ['1:4+20 number-too-large']],
    ['a: .inf\n', ['1:4+4 number-too-large']],
    ['a: "x\\0y"\n', ['1:4+6 control-character']],
    ['a: x\x1b[31m\n', ['1:5+1 control-character']],
    ['a: x\uFFFD\n', ['1:5+1 not-utf8']],
    ['__proto__: {polluted: true}\n', ['1:1+9 unknown-key']],
    ['? [a, b]\n: c\n', ['1:3+1 yaml-syntax']],
    [`a: ${'x'.repeat(1024 * 1024)}\n`, ['1:1+1 too-large']],
    [`a: [${','.repeat(20_000)}]\n`, ['1:20003+1 too-large']],
  ];
  for (const [text, expected] of cases) assert.deepEqual(problemsOf(text), expected, JSON.stringify(text.slice(0, 40)));
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('deep nesting and alias bombs end early, whatever their size', () => {
  const bomb = `a: &a [x, x]\n${[...'bcdefghijklmnop'].map((name, at) => `${name}: &${name} [*${'abcdefghijklmnop'[at]}, *${'abcdefghijklmnop'[at]}]`).join('\n')}\n`;
  assert.deepEqual(
    parse('x', bomb).problems.map((problem) => problem.code),
    ['too-many-aliases'],
  );
  assert.deepEqual(parse('x', 'a: &a [*a]\n').problems.length, 1);
  assert.deepEqual(
    parse('x', `a: ${'['.repeat(40)}${']'.repeat(40)}\n`).problems.map((problem) => problem.code),
    ['too-deep'],
  );
  assert.deepEqual(parse('x', `a: ${'['.repeat(200_000)}${']'.repeat(200_000)}\n`).problems.length, 1);
  assert.deepEqual(parse('x', `${[...Array(9_000).keys()].map((n) => `key${n}: 1`).join('\n')}\n`).problems, []);
});

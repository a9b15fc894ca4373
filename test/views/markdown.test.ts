import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { code, fence, inCell, md } from '../../src/views/draw/markup.ts';

const awkward: readonly (readonly [text: string, shown: string])[] = [
  ['plain inodes_free at most 5%', 'plain inodes_free at most 5%'],
  ['](http://x)', '\\](http\\://x)'],
  ['<img src=x onerror=alert(1)>', '\\<img src=x onerror=alert(1)\\>'],
  ['**bold** `code` _under_ ~gone~', '\\*\\*bold\\*\\* \\`code\\` \\_under\\_ \\~gone\\~'],
  ['# heading', '\\# heading'],
  ['   # heading', '\\# heading'],
  ['| cell |', '&#124; cell |'],
  ['- item', '\\- item'],
  ['1. item', '1\\. item'],
  ['0.1.0 of 2', '0.1.0 of 2'],
  ['&lt; & R&D', '&amp;lt; & R&D'],
  ['www.example.org', 'www\\.example.org'],
  ['two\nlines\u001b[31m', 'two\\\\nlines\\\\x1b\\[31m'],
  ['back\\slash', 'back\\\\slash'],
  ['> quote', '\\> quote'],
];
for (const [text, shown] of awkward) {
  test(`${JSON.stringify(text)} stays text`, () => {
    assert.equal(md(text), shown);
  });
}

test('a cell holds no pipe, whatever stands before it', () => {
  assert.equal(inCell(md('a | b \\| c')), 'a &#124; b \\\\&#124; c');
});

test('code is fenced by more backticks than it holds', () => {
  assert.equal(code('a `` b'), '``` a `` b ```'.replace('``` a', '```a').replace('b ```', 'b```'));
  assert.equal(code('`x'), '`` `x ``');
  assert.equal(code(''), '`  `');
  assert.deepEqual(fence('sh', ['echo ```', '````']), ['`````sh', 'echo ```', '````', '`````']);
});

test('no text makes a second line, a control character or an unescaped mark', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = md(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(shown.replace(/\\[^A-Za-z0-9\s]/g, ''), /[\\`*<>[\]~]/);
      assert.doesNotMatch(inCell(md(text)), /\|/);
    }),
  );
});

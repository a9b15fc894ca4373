import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type LineEdit, lineEdit, lineEditOf } from '../../../src/verbs/files/line-edit.ts';

const edited = (text: string, edit: LineEdit) => {
  const result = lineEdit(text, edit);
  return result.ok ? result.text : `refused: ${result.reason}`;
};
const add = (line: string, place: Extract<LineEdit, { kind: 'add' }>['place']): LineEdit => ({
  kind: 'add',
  line,
  place,
});

describe('a change of lines', () => {
  it('sets every line that matches, or adds it at the end', () => {
    const edit: LineEdit = { kind: 'set', matching: '^a=', to: 'a=1' };
    assert.equal(edited('a=0\nb\na=9\n', edit), 'a=1\nb\na=1\n');
    assert.equal(edited('b\n', edit), 'b\na=1\n');
    assert.equal(edited('', edit), 'a=1\n');
  });

  it('adds a line at the start, the end, behind the last or before the first that matches, and once only', () => {
    assert.equal(edited('a\nb\na\n', add('x', { at: 'start' })), 'x\na\nb\na\n');
    assert.equal(edited('a\nb\na\n', add('x', { at: 'end' })), 'a\nb\na\nx\n');
    assert.equal(edited('a\nb\na\nc\n', add('x', { after: 'a' })), 'a\nb\na\nx\nc\n');
    assert.equal(edited('c\na\nb\na\n', add('x', { before: 'a' })), 'c\nx\na\nb\na\n');
    assert.equal(edited('x\na\n', add('x', { at: 'end' })), 'x\na\n');
    assert.equal(edited('a\n', add('x', { after: 'none' })), 'refused: no line matches "none"');
  });

  it('removes and replaces', () => {
    assert.equal(edited('a\nb\nab\n', { kind: 'remove', matching: 'a' }), 'b\n');
    assert.equal(edited('a\n', { kind: 'remove', matching: 'a' }), '');
    assert.equal(
      edited('host=old port=1\nold\n', { kind: 'replace', pattern: '\\bold\\b', with: 'new' }),
      'host=new port=1\nnew\n',
    );
    assert.equal(edited('k=v\n', { kind: 'replace', pattern: '^(\\w)=(v)$', with: '$2:$1$$' }), 'v:k$\n');
  });

  it('ends the last line only where it changed it', () => {
    assert.equal(edited('a\nb', { kind: 'set', matching: 'a', to: 'x' }), 'x\nb');
    assert.equal(edited('a\nb', { kind: 'set', matching: 'b', to: 'x' }), 'a\nx\n');
    assert.equal(edited('a', add('x', { at: 'end' })), 'a\nx\n');
  });

  it('is refused where it would change the file again the second time', () => {
    assert.match(edited('a\n', { kind: 'replace', pattern: 'a', with: 'aa' }), /^refused: done twice/);
    assert.match(
      edited('a=1\n', { kind: 'set', matching: '^a', to: 'b' }).concat(
        edited('x\n', { kind: 'replace', pattern: '$', with: '!' }),
      ),
      /refused: done twice/,
    );
  });

  it('finds text beyond ASCII, and leaves bytes that are no UTF-8 as they are', () => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    assert.equal(
      edited(`${bytes('grüß')}\n\xff\xfe\n`, { kind: 'replace', pattern: 'ü', with: 'ue' }),
      `${bytes('grueß')}\n\xff\xfe\n`,
    );
    assert.equal(edited('\xff\n', add('ü', { at: 'end' })), `\xff\n${bytes('ü')}\n`);
  });

  it('takes exactly one place', () => {
    assert.equal(
      lineEditOf({ file: '/x', add_line: { line: 'x', after: 'a', at: 'end' } }),
      'add_line takes one place, not after and at',
    );
  });

  it('done twice is the same as done once, and lines that do not match stay (property)', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', '=', ' ', '\xff', '\r'), maxLength: 4 });
    const text = fc.tuple(fc.array(line), fc.boolean()).map(([lines, ended]) => lines.join('\n') + (ended ? '\n' : ''));
    const place = fc.constantFrom<Extract<LineEdit, { kind: 'add' }>['place']>(
      { at: 'start' },
      { at: 'end' },
      { after: 'a' },
      { before: 'b' },
    );
    const change = fc.oneof<fc.Arbitrary<LineEdit>[]>(
      fc.record({
        kind: fc.constant('set' as const),
        matching: fc.constantFrom('a', '^b', '='),
        to: fc.constantFrom('a=', 'x', ''),
      }),
      fc.record({ kind: fc.constant('add' as const), line: fc.constantFrom('a', 'x', ''), place }),
      fc.record({ kind: fc.constant('remove' as const), matching: fc.constantFrom('a', '^$', '=') }),
      fc.record({
        kind: fc.constant('replace' as const),
        pattern: fc.constantFrom('a', '^b', ' +'),
        with: fc.constantFrom('x', 'a', ''),
      }),
    );
    fc.assert(
      fc.property(text, change, (before, edit) => {
        const once = lineEdit(before, edit);
        if (!once.ok) return;
        assert.deepEqual(lineEdit(once.text, edit), once);
        if (edit.kind !== 'remove') return;
        const kept = before.split('\n').filter((one) => !new RegExp(edit.matching).test(one));
        assert.deepEqual(once.text.split('\n').filter(Boolean), kept.filter(Boolean));
      }),
    );
  });
});

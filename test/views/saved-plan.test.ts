import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderDiff } from '../../src/views/draw/diff.ts';
import { styleOf } from '../../src/views/draw/style.ts';
import { shownAgain } from '../../src/views/tell/saved-plan.ts';
import { shownPart } from '../../src/views/tell/shown-part.ts';
import { demoPlan } from '../support/views/demo-plan.ts';
import { planMarkdown } from '../support/views/drawn.ts';

const paper = { columns: 80, style: styleOf(false), all: true };
const hunksOf = (before: string, after: string) =>
  renderDiff('f', before, after, paper).filter((line) => /^[-+ \\]/.test(line));

test('of a file that would be edited a saved plan holds the lines that its diff shows, and no other', () => {
  const line = fc.constantFrom('a', 'b', 'c', '');
  const edit = fc.record({ at: fc.nat(30), text: line });
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 30 }),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (lines, edits) => {
        const after = edits.reduce<readonly string[]>(
          (all, { at, text }) => all.with(Math.min(at, all.length - 1), text),
          lines,
        );
        const [was, is] = [lines.join('\n'), after.join('\n')];
        const part = shownPart({ before: was, after: is });
        assert.deepEqual(hunksOf(part.before, part.after), hunksOf(was, is));
      },
    ),
  );
  const secret = `x\n${'-\n'.repeat(9)}password\n`;
  assert.deepEqual(shownPart({ before: `a\n${secret}`, after: `b\n${secret}` }), {
    before: `a\nx\n-\n-\n${'\n'.repeat(8)}`,
    after: `b\nx\n-\n-\n${'\n'.repeat(8)}`,
  });
});

test('what is saved of a plan is what is shown of it: neither bytes to keep nor what probes handed on', () => {
  const text = JSON.stringify(shownAgain(demoPlan));
  assert.deepEqual([text.includes('"keep"'), text.includes('"predicts"')], [false, false]);
});

test('a ticket holds names that try to be Markdown as text', () => {
  const plan = { ...demoPlan, open: ['<img src=x> [click](http://evil) `rm`'] };
  const text = planMarkdown(plan, { command: 'firebreak run cron-mail-storm' });
  assert.match(text, /- \[ \] \\<img src=x\\> \\\[click\\\]\(http\\:\/\/evil\) \\`rm\\`/);
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('## ')),
    ['## In short', '## Diagnosis', '## Actions', '## Verification', '## Stays open', '## To run it'],
  );
});

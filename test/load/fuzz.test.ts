import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadPolicy } from '../../src/load/policy.ts';
import { bindParams } from '../../src/load/runbook/params.ts';
import type { Problem } from '../../src/model/problem.ts';
import { renderProblems } from '../../src/views/problem.ts';
import { load, problemsIn, STORM } from './storm.ts';

/** Each problem points into the text, and can be shown. */
function assertPlaced(problems: readonly Problem[], text: string): void {
  const lines = text.split('\n');
  for (const { place, code, message } of problems) {
    const line = lines[place.line - 1];
    assert.ok(line !== undefined, `${code}: line ${place.line} of ${lines.length}`);
    assert.ok(
      place.column >= 1 && place.column <= line.length + 1,
      `${code}: column ${place.column} of ${line.length} in line ${place.line}`,
    );
    assert.ok(place.length >= 1 && message.length > 0);
  }
  const shown = renderProblems(problems, { textOf: () => text, color: false });
  assert.equal(/[\x00-\x09\x0b-\x1f\x7f]/.test(shown), false, 'a control character is shown');
}

const SNIPPETS = [
  '$',
  '$spool',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '- ',
  '\n',
  '  ',
  '\t',
  '#',
  "'",
  '"',
  '&a',
  '*a',
  '!!x',
  '|',
  '>',
  '%',
  '@',
  '\0',
  '\r\n',
  '😀',
  '漢字',
  '~',
  'null',
  'no',
  '0755',
  '<<: ',
  '---\n',
  '__proto__: ',
  'constructor',
  'kill: {}',
  '-',
];

const edit = fc.record({
  at: fc.nat(STORM.length),
  cut: fc.nat(40),
  paste: fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 12, unit: 'binary' })),
});

test('a runbook that is edited at random gives placed problems or a runbook, and never throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      const text = edits.reduce((sum, { at, cut, paste }) => sum.slice(0, at) + paste + sum.slice(at + cut), STORM);
      assertPlaced(await problemsIn(text), text);
    }),
    { numRuns: 300 },
  );
});

test('a line that is lost, doubled or moved gives placed problems or a runbook', async () => {
  const lines = STORM.split('\n');
  const index = fc.nat(lines.length - 1);
  await fc.assert(
    fc.asyncProperty(index, index, fc.constantFrom('lose', 'double', 'move'), async (from, to, how) => {
      const rest = lines.toSpliced(from, how === 'double' ? 0 : 1);
      const text = (how === 'lose' ? rest : rest.toSpliced(to, 0, lines[from] ?? '')).join('\n');
      assertPlaced(await problemsIn(text), text);
    }),
    { numRuns: 150 },
  );
});

test('any YAML whatever gives placed problems as a runbook and as a policy', async () => {
  const value = fc.json({ maxDepth: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(value, fc.string({ unit: 'binary' })),
      fc.constantFrom('', 'act: ', 'params: ', 'diagnose:\n  - ', 'allow: '),
      async (json, prefix) => {
        const text = prefix + json;
        const [asRunbook, asPolicy] = [
          await load(text),
          await loadPolicy({ path: 'p.yaml', text, catalogue: { actions: [] } }),
        ];
        assert.equal(asRunbook.ok, false);
        assert.equal(asPolicy.ok, false);
        assertPlaced(asRunbook.problems, text);
        assertPlaced(asPolicy.problems, text);
      },
    ),
    { numRuns: 150 },
  );
});

test('parameters given as any text are typed or refused, and never throw', async () => {
  const loaded = await load(STORM);
  assert.ok(loaded.ok);
  const names = fc.constantFrom('spool', 'watch', 'names', 'least', 'lease', 'constructor', '__proto__', 'nobody');
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('[', '-1', '/x', '5', '1m', 'a,b'))),
      (given) => {
        const bound = bindParams(loaded.value, given);
        if (!bound.ok) return assert.ok(renderProblems(bound.problems).startsWith('--param:'));
        assert.match(String(bound.value.spool), /^\/(?!.*[\n\0])/);
        assert.ok(Number.isInteger(bound.value.least) && Number(bound.value.least) <= 100);
      },
    ),
  );
});

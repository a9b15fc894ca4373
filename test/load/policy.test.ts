import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPolicyText, loadPolicy } from '../../src/load/policy.ts';
import { ruleOf } from '../support/policies.ts';
import { brief } from './storm.ts';

const catalogue = { actions: ['delete', 'kill', 'run', 'stop'] };

const POLICY = `firebreak_policy: 1
allow:
  - id: storm
    runbook: storm@1.0.0
    limits: {kill: 10, stopped_for: 5m}
    on_failure: undo
  - runbook: other
`;

async function problemsOf(text: string): Promise<readonly string[]> {
  const loaded = await loadPolicy({ path: 'p.yaml', text, catalogue });
  return loaded.ok ? [] : loaded.problems.map(brief);
}

test('a policy is its rules; what a rule leaves out is the runbook’s, or the safe choice', async () => {
  assert.deepEqual(await loadPolicy({ path: 'p.yaml', text: POLICY, catalogue }), {
    ok: true,
    value: {
      rules: [
        ruleOf({
          id: 'storm',
          runbook: 'storm@1.0.0',
          limits: { kill: 10, stopped_for: 300_000 },
          onFailure: 'undo',
          coolDown: 3_600_000,
        }),
        ruleOf({ id: 'allow-2', runbook: 'other', coolDown: 3_600_000 }),
      ],
      freeze: [],
      source: { path: 'p.yaml', hash: createHash('sha256').update(POLICY).digest('hex') },
    },
  });
});

test('a mistake in a policy is told at its place, with what was meant', async () => {
  assert.deepEqual(await problemsOf(POLICY.replace('runbook: other', 'runbok: other')), ['7:5+6 unknown-key (runbook)']);
  assert.deepEqual(await problemsOf(POLICY.replace('runbook: other', 'id: storm')), ['7:5+9 missing-key', '7:9+5 duplicate-id']);
  assert.deepEqual(await problemsOf(POLICY.replace('on_failure: undo', 'on_failure: udno')), ['6:17+4 unknown-word (undo)']);
  assert.deepEqual(await problemsOf(POLICY.replace('storm@1.0.0', 'storm@1')), ['4:14+7 bad-value']);
  assert.deepEqual(await problemsOf(POLICY.replace('stopped_for: 5m', 'stopped_for: 5')), ['5:37+1 bad-duration']);
  assert.deepEqual(await problemsOf(POLICY.replace('firebreak_policy: 1', 'firebreak_policy: 2')), ['1:19+1 unknown-word']);
  assert.deepEqual(await problemsOf('firebreak_policy: 1\nallow: all\n'), ['2:8+3 wrong-type']);
  assert.deepEqual(await problemsOf('- allow\n'), ['1:1+7 wrong-type']);
});

test('a policy is known by its key', () => {
  assert.equal(isPolicyText(`# a note\n${POLICY}`), true);
  assert.equal(isPolicyText('firebreak: 1\nabout: no firebreak_policy: here\n'), false);
});

test('the example policy allows the mail storm', async () => {
  const path = join(import.meta.dirname, '../../examples/policy.yaml');
  const loaded = await loadPolicy({ path, text: readFileSync(path, 'utf8'), catalogue });
  assert.ok(loaded.ok);
  assert.deepEqual(
    loaded.value.rules.map((rule) => rule.runbook),
    ['cron-mail-storm'],
  );
});

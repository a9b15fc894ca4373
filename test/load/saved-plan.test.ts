import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSavedPlan, sealPlan } from '../../src/load/saved-plan.ts';
import type { SavedPlan } from '../../src/model/run/saved-plan.ts';
import { renderProblems } from '../../src/views/problem.ts';

/** A plan of more processes than the parser of YAML would take. */
const unsealed = {
  firebreak: 'plan',
  format: 1,
  ...{ nonce: '', at: '', until: '', valid: 1, by: '', identity: [], pinned: [] },
  machine: { host: '', boot: '', uptime: 1, uid: 0 },
  asked: { runbook: '', params: [], limits: [], policy: null },
  texts: { runbook: '', policy: null },
  plan: {
    runbook: { name: '', version: '', title: '', path: '', hash: '' },
    ...{ host: '', at: 1, params: {}, limits: {}, diagnosis: { verdict: '', reasons: [] }, steps: [], open: [] },
    processes: Array.from({ length: 10_000 }, (_, pid) => ({ pid, name: 'sendmail' })),
  },
};
const SEALED = JSON.stringify(sealPlan(unsealed as unknown as SavedPlan), null, 2);

async function toldOf(text: string): Promise<string> {
  const loaded = await loadSavedPlan({ path: 'plan.json', text });
  return loaded.ok ? 'ok' : (renderProblems(loaded.problems).split('\n')[0] ?? '');
}

test('a plan of ten thousand processes is read, and a mistake in it is reported with its place', async () => {
  assert.equal(await toldOf(SEALED), 'ok');
  assert.match(await toldOf(SEALED.replace('"pid": 77,', '"pid": 78,')), /^plan\.json:4:9: error\[changed-plan\]: /);
  assert.match(await toldOf(SEALED.replace('"pid": 77,', '"pid": 77')), /^plan\.json:\d{3}:9: error\[json-syntax\]: /);
  assert.match(await toldOf(SEALED.slice(0, -1)), /^plan\.json:40049:1: error\[json-syntax\]: /);
  assert.match(await toldOf(SEALED.replace('"plan"', '"plum"')), /^plan\.json:1:1: error\[not-a-plan\]: /);
});

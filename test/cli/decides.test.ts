import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from '../support/real-verbs.ts';
import { setStage } from '../support/stage.ts';

const OK = 'verify:\n  - {id: ok, disk: {path: /}, expect: {space_free: {at_least: 0%}}}\n';
const DELETES = `act:\n  - {id: d, why: w, delete: {targets: $old}}\n${OK}`;
const old = (more: string) => `diagnose:\n  - {id: old, files: {in: /srv/x}${more}}\n${DELETES}`;

test('a runbook that acts and whose diagnosis decides nothing is an error: every host would be the incident', async () => {
  const said = (hint: string) => [
    `5:1 nothing-decides: nothing in \`diagnose\` decides whether this is the incident, and \`act\` would change every host (${hint})`,
  ];
  assert.deepEqual(
    await complaints(old('')),
    said('add to a step of diagnose what it expects: `expect: {count: {at_least: 1}}`'),
  );
  assert.deepEqual(
    await complaints(old(', expect: {count: {at_least: 1}}, decisive: false')),
    said('take `decisive: false` from `old`, or add a step whose `expect` tells this incident'),
  );
  assert.deepEqual(await complaints(old(', expect: {count: {at_least: 1}}')), []);
});

test('a runbook without a diagnosis is an error too, also if only a person acts; one that only waits is not', async () => {
  const codes = async (text: string) => (await complaints(text)).map((line) => line.replace(/: .*/, ''));
  assert.deepEqual(await codes(`act:\n  - {id: m, why: w, manual: {do: it, confirm: is it}}\n${OK}`), [
    '5:1 nothing-decides',
  ]);
  assert.deepEqual(await codes(`act:\n  - {id: n, why: w, wait: {for: 1s}}\n${OK}`), []);
});

test('a used runbook that decides is enough', async () => {
  const using = `act:\n  - {id: u, why: w, runbook: {use: ./sub.yaml}}\n${OK}`;
  assert.deepEqual(await complaints(using, { './sub.yaml': old(', expect: {count: {at_least: 1}}') }), []);
});

test('a runbook that only looks is no incident: LOOKED ONLY, exit 0, in plan, run, report and as JSON', async (t) => {
  const stage = setStage(t);
  stage.write('policy.yaml', 'firebreak_policy: 1\nallow: [{id: k, runbook: k}]\n');
  const text = `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\ndiagnose:\n  - {id: room, disk: {path: /}}\nopen: [{say: look closer}]\n`;
  stage.write('k.yaml', text);
  const plan = await stage.firebreak(['plan', './k.yaml']);
  assert.deepEqual([plan.exit, plan.err], [0, '']);
  assert.match(plan.out, /^DIAGNOSIS {2}LOOKED ONLY: nothing here decides whether this is an incident$/m);
  assert.doesNotMatch(plan.out, /THIS IS THE INCIDENT/);
  const json = JSON.parse((await stage.firebreak(['plan', './k.yaml', '--json'])).out) as {
    diagnosis: object;
    refusal: object;
  };
  assert.deepEqual(
    [json.diagnosis, json.refusal],
    [
      { verdict: 'looked-only', reasons: [] },
      { outcome: 'looked-only', reasons: [] },
    ],
  );
  const run = await stage.firebreak(['run', './k.yaml', '--unattended', '--policy', 'policy.yaml']);
  assert.equal(run.exit, 0, run.err);
  assert.match(run.out + run.err, /look closer[\s\S]*LOOKED ONLY/);
  const report = await stage.firebreak(['report']);
  assert.match(report.out, /looked at \*\*only\*\*/);
  assert.doesNotMatch(report.out, /It was this incident/);
});

test('a step that decides and is not looked at leaves it unknown', async (t) => {
  const stage = setStage(t);
  const text = `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\ndiagnose:\n  - {id: room, disk: {path: /}}\n  - {id: old, files: {in: ${stage.folder}/spool}, expect: {count: {at_least: 1}}, when: {room: {space_free: {at_most: 0%}}}}\n${DELETES}`;
  stage.write('k.yaml', text);
  const plan = await stage.firebreak(['plan', './k.yaml']);
  assert.equal(plan.exit, 7);
  assert.match(plan.out, /old: it would decide, and was not looked at, since its `when` does not hold/);
});

test('a verification that judges nothing is an error: every run would have held', async () => {
  const acts = (verify: string) =>
    `diagnose:\n  - {id: old, files: {in: /srv/x}, expect: {count: {at_least: 1}}}\nact:\n  - {id: d, why: w, delete: {targets: $old}}\nverify:\n${verify}`;
  assert.deepEqual(await complaints(acts('  - {id: ok, disk: {path: /}}\n')), [
    '9:1 nothing-proves: nothing in `verify` says what must hold, so every run would have held (add to a step of verify what it expects, `expect: {state: {is: running}}`, or add a `watch`)',
  ]);
  assert.deepEqual(
    await complaints(acts('  - {id: w, watch: {for: 1m, every: 1s}, hold: [{of: $old, count: {at_most: 0}}]}\n')),
    [],
  );
});

for (const [title, verify] of [
  ['every step of verify was skipped', '{id: ok, when: NEVER, disk: {path: /}, expect: {space_free: {at_least: 0%}}}'],
  [
    'no line of a watch applied',
    '{id: ok, watch: {for: 4ms, every: 1ms}, hold: [{of: $old, when: NEVER, count: {at_most: 0}}]}',
  ],
] as const)
  test(`if ${title} a run is inconclusive, and it tells that nothing was verified`, async (t) => {
    const stage = setStage(t);
    const never = verify.replace('NEVER', '{old: {count: {at_least: 5000}}}');
    const text = `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\ndiagnose:\n  - {id: old, files: {in: ${stage.folder}/spool}, expect: {count: {at_least: 1}}}\nact:\n  - {id: d, why: w, delete: {targets: $old}}\nverify:\n  - ${never}\n`;
    stage.write('k.yaml', text);
    stage.write('policy.yaml', 'firebreak_policy: 1\nallow: [{id: k, runbook: k}]\n');
    const run = await stage.firebreak(['run', './k.yaml', '--unattended', '--policy', 'policy.yaml']);
    assert.equal(run.exit, 7, run.out + run.err);
    assert.match(run.out, /INCONCLUSIVE\n {2}- nothing was verified: no step of verify judged anything/);
  });

test('plan and run show a look that its `when` leaves out, and what follows from it, before anything is done', async (t) => {
  const stage = setStage(t);
  const spool = `files: {in: ${stage.folder}/spool}`;
  stage.write(
    'k.yaml',
    `firebreak: 1
runbook: k
version: 1.0.0
title: k
diagnose:
  - {id: old, ${spool}, expect: {count: {at_least: 1}}}
  - {id: many, when: {old: {count: {at_least: 5000}}}, ${spool}}
act:
  - {id: left, when: {old: {count: {at_least: 5000}}}, ${spool}, expect: {count: {at_least: 1}}}
  - {id: d, why: w, manual: {do: it, confirm: is it done}}
  - {id: sure, when: {many: {count: {at_least: 1}}}, ${spool}, expect: {count: {at_least: 1}}}
verify:
  - {id: late, when: {left: {count: {at_least: 1}}}, ${spool}, expect: {count: {at_least: 0}}}
  - {id: ok, when: {old: {count: {at_least: 5000}}}, ${spool}, expect: {count: {at_least: 0}}}
  - {id: w, when: {many: {count: {at_least: 1}}}, watch: {for: 4ms, every: 1ms}, hold: [{of: $old, count: 1}]}
`,
  );
  const { out } = await stage.firebreak(['plan', './k.yaml'], { columns: 200 });
  assert.deepEqual(
    out.split('\n').filter((line) => /^ {4}(found|at turn|skipped) /.test(line) && !/ files?, /.test(line)),
    [
      '    found     not looked at: its `when` does not hold',
      '    at turn   not looked at: its `when` does not hold',
      '    at turn   not looked at: its `when` cannot be told: many: count at least 1 (not looked); the run stops before the next act',
      '    found     not looked at: its `when` cannot be told: left: count at least 1 (not looked)',
      '    found     not looked at: its `when` does not hold',
      '    skipped   its `when` cannot be told: many: count at least 1 (not looked)',
    ],
  );
  stage.write('policy.yaml', 'firebreak_policy: 1\nallow: [{id: k, runbook: k}]\n');
  const run = await stage.firebreak(['run', './k.yaml', '--unattended', '--policy', 'policy.yaml']);
  assert.match(run.out + run.err, /^\S+ +many +skipped +its `when` does not hold$/m);
});

test('a watch looks again at a step of verify as well; what is counted and compared with a share is not known', async (t) => {
  const stage = setStage(t);
  const run = async (looks: string, hold: string) => {
    const text = `firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: k\ndiagnose:\n  - {id: old, files: {in: ${stage.folder}/spool}, expect: ${looks}}\nverify:\n  - {id: again, files: {in: ${stage.folder}/spool}, expect: {count: {at_least: 1}}}\n  - {id: w, watch: {for: 4ms, every: 1ms}, hold: [{of: $again, count: ${hold}}]}\n`;
    stage.write('k.yaml', text);
    stage.write('policy.yaml', 'firebreak_policy: 1\nallow: [{id: k, runbook: k, cool_down: 0s}]\n');
    return stage.firebreak(['run', './k.yaml', '--unattended', '--policy', 'policy.yaml']);
  };
  assert.equal((await run('{count: {at_least: 1}}', '{at_least: 1}')).exit, 0);
  assert.equal((await run('{count: {at_least: 1}}', '{at_most: 0}')).exit, 4);
  const share = await run('{count: {at_least: 10%}}', '{at_least: 1}');
  assert.equal(share.exit, 7, share.out);
  assert.match(share.out + share.err, /wanted count at least 10%, seen \d+, which is a part of\s+nothing/);
});

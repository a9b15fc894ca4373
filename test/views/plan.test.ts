import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Plan, PlannedStep } from '../../src/model/plan.ts';
import { cannot, nothingToDo } from '../../src/model/verb.ts';
import { width } from '../../src/views/draw/layout.ts';
import { planToJson } from '../../src/views/tell/plan.ts';
import {
  demoPlan,
  killMailers,
  MAILERS,
  probes,
  silenceJobs,
  startCron,
  stopCron,
} from '../support/views/demo-plan.ts';
import { planMarkdown, renderPlan } from '../support/views/drawn.ts';
import { sameAsFixture } from '../support/views/golden.ts';

const withSteps = (steps: readonly PlannedStep[], more: Partial<Plan> = {}): Plan => ({ ...demoPlan, steps, ...more });

for (const columns of [80, 200]) {
  test(`the plan of the founding incident at ${columns} columns`, () => {
    const text = renderPlan(demoPlan, { columns });
    sameAsFixture(`views/plan-${columns}.txt`, text);
    // A command to copy is never broken.
    const told = text.split('\n').filter((line) => !line.includes('by hand   find '));
    for (const line of told) assert.ok(width(line) <= columns, line);
  });
}

test('the plan of the founding incident as Markdown, for a ticket', () => {
  sameAsFixture('views/plan.md', planMarkdown(demoPlan));
});

test('colours change nothing but the colours', () => {
  const colored = renderPlan(demoPlan, { columns: 80, color: true });
  sameAsFixture('views/plan-80-color.txt', colored);
  assert.equal(stripVTControlCharacters(colored), renderPlan(demoPlan, { columns: 80 }));
});

test('with all, every process and every file name that the plan knows is there', () => {
  const text = renderPlan(demoPlan, { columns: 80, all: true });
  for (const { pid } of MAILERS) assert.match(text, new RegExp(`\\b${pid}\\b`));
  assert.doesNotMatch(text, /more: --all/);
});

test('a terminal that does not know its width gets 80 columns', () => {
  assert.equal(renderPlan(demoPlan, { columns: undefined }), renderPlan(demoPlan, { columns: 80 }));
  assert.equal(renderPlan(demoPlan, { columns: 0 }), renderPlan(demoPlan, { columns: 80 }));
});

test('a plan that is not this incident says so, why, what a run would do, and that nothing was changed', () => {
  const reasons = ['inodes: wanted inodes free at most 5%, seen 99%'];
  const [inodes] = probes;
  assert.ok(inodes);
  const plan = withSteps(
    [{ ...inodes, truth: 'no', judgements: [{ truth: 'no', wanted: 'inodes free at most 5%', seen: '99%' }] }],
    {
      diagnosis: { verdict: 'not-this-incident', reasons },
      refusal: { outcome: 'not-this-incident', reasons },
      open: [],
    },
  );
  const text = renderPlan(plan, { columns: 80 });
  assert.match(text, /^DIAGNOSIS {2}NOT THIS INCIDENT$/m);
  assert.match(text, /✘ inodes · disk/);
  assert.ok(
    text.endsWith(
      '── in short ────────────────────────────────────────────────────────────────────\n' +
        'A run would touch nothing and exit 2: not this incident, nothing done.\n' +
        `  - ${reasons[0]}\n` +
        'Nothing was changed.\n',
    ),
    text,
  );
});

test('what could not be looked at is marked, and named', () => {
  const reasons = ['mail: could not look: EACCES'];
  const [inodes] = probes;
  assert.ok(inodes);
  const plan = withSteps([{ ...inodes, truth: 'unknown' }], {
    diagnosis: { verdict: 'unknown', reasons },
    refusal: { outcome: 'inconclusive', reasons },
  });
  const text = renderPlan(plan, { columns: 80 });
  assert.match(text, /^DIAGNOSIS {2}UNKNOWN: it could not look at everything\n {2}- mail: could not look: EACCES$/m);
  assert.match(text, /^ {2}\? inodes · disk$/m);
});

/** The lines of one action, without what stands before and after. */
function actionText(step: PlannedStep): string {
  const text = renderPlan(withSteps([step]), { columns: 80 });
  return text.slice(text.indexOf('\n1 ') + 1, text.indexOf('\n\n', text.indexOf('\n1 ')));
}

test('a step that cannot be done says why', () => {
  const observation = cannot('install crontab of root', 'no free inode: it comes before empty-maildrop');
  assert.equal(
    actionText({ ...silenceJobs, observation }),
    `1   silence-jobs · crontab · asks first
    CANNOT    install crontab of root
    because   no free inode: it comes before empty-maildrop
    why       no mail while Postfix is down`,
  );
});

test('a step with nothing to do says what is already so', () => {
  assert.equal(
    actionText({ ...stopCron, observation: nothingToDo('cron is stopped already') }),
    `1   stop-cron · stop · asks first
    nothing   to do: cron is stopped already
    why       every minute cron adds more mail`,
  );
});

test('a step whose condition does not hold is there, and skipped', () => {
  assert.equal(
    actionText({ ...stopCron, observation: null, skipped: 'its `when` does not hold' }),
    `1   stop-cron · stop · asks first
    why       every minute cron adds more mail
    skipped   its \`when\` does not hold`,
  );
});

test('a step that earlier steps prepare shows now, before, after', () => {
  assert.match(actionText(startCron), /^ {4}state {5}running now → stopped before this step → running after$/m);
});

test('a denied step and one over its limit cannot be overlooked', () => {
  const denied = actionText({
    ...stopCron,
    decision: { effect: 'deny', reason: 'no rule of /etc/p.yaml allows it', rule: null },
  });
  assert.match(denied, /^1 {3}stop-cron · stop · DENIED$/m);
  assert.match(denied, /^ {4}DENIED {4}no rule of \/etc\/p\.yaml allows it$/m);
  const over = actionText({
    ...killMailers,
    decision: { effect: 'over-limit', reason: 'kill 42 is over the limit of 10', rule: null },
  });
  assert.match(over, /^1 {3}kill-mailers · kill · OVER THE LIMIT$/m);
});

test('limits add up over the steps', () => {
  const text = renderPlan(withSteps([killMailers, { ...killMailers, id: 'again' }]), { columns: 80 });
  assert.match(text, /limit {5}kill 42 of 2 000 allowed/);
  assert.match(text, /limit {5}kill 84 of 2 000 allowed/);
  assert.match(text, /in all {4}kill 84 of 2 000 allowed/);
});

test('a sample does not look like the whole: the rest is counted, and --all is offered only where it has more', () => {
  const files = { kind: 'files', count: 2_000_000, bytes: 4096, members: ['a', 'b'], detail: null } as const;
  const observation = {
    ...nothingToDo(''),
    verdict: 'change' as const,
    summary: 'delete 2 000 000 files',
    targets: files,
  };
  assert.match(
    actionText({ ...killMailers, observation }),
    /targets {3}2 000 000 files, 4 KiB:\n {14}a {2}b\n {14}… 1 999 998 more that the same selector matches$/m,
  );
});

test('the last line is what to type', () => {
  const command = 'firebreak run ./storm.yaml --param watch=2m';
  assert.equal(
    renderPlan(demoPlan, { columns: 120, command }).trimEnd().split('\n').at(-1),
    `To run it, with a question before each action: ${command}`,
  );
});

test('the plan for machines holds every target, and neither the bytes to keep nor the predicted bytes', () => {
  const secret = Buffer.from('TOKEN=canary').toString('base64');
  const observation = silenceJobs.observation && {
    ...silenceJobs.observation,
    keep: { before: secret },
    predicts: [{ kind: 'file', path: '/x', bytes: secret } as const],
  };
  const json = JSON.stringify(planToJson(withSteps([killMailers, { ...silenceJobs, observation }])));
  assert.ok(!json.includes(secret));
  for (const { pid } of MAILERS) assert.ok(json.includes(`(${pid})`));
});

test('what an action lists whole is not listed under the probe too, unless all is asked for or a row is missing there', () => {
  const table = (pids: readonly string[]) =>
    ({ kind: 'table', title: 'all', columns: ['pid', 'age'], rows: pids.map((pid) => [pid, '9 s']) }) as const;
  const [mailers] = probes;
  const { observation } = killMailers;
  assert.ok(mailers?.finding && observation);
  const shown = (probe: readonly string[], action: readonly string[], all = false) => {
    const steps = [
      { ...mailers, finding: { ...mailers.finding, blocks: [table(probe)] } },
      { ...killMailers, observation: { ...observation, blocks: [table(action)] } },
    ] as readonly PlannedStep[];
    const text = renderPlan(withSteps(steps), { columns: 80, all });
    return [text.includes(`listed under ${killMailers.id}`), text.match(/^ +pid +age$/gm)?.length];
  };
  assert.deepEqual(shown(['1', '2'], ['1', '2', '3']), [true, 1]);
  assert.deepEqual(shown(['1', '4'], ['1', '2', '3']), [false, 2]);
  assert.deepEqual(shown(['1', '2'], ['1', '2', '3'], true), [false, 2]);
});

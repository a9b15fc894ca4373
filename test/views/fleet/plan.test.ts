import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { batchesOf } from '../../../src/model/fleet/batches.ts';
import { groupPlans } from '../../../src/model/fleet/groups.ts';
import type { FleetPlan } from '../../../src/model/fleet/ports.ts';
import { isObject, type JsonObject } from '../../../src/model/json.ts';
import { hostsText } from '../../../src/views/draw/hosts.ts';
import { width } from '../../../src/views/draw/layout.ts';
import { foldHosts } from '../../../src/views/fold.ts';
import { tellReview } from '../../../src/views/tell/fleet/plan.ts';
import { groupsText } from '../../../src/views/tell/fleet/plan-words.ts';
import { spread } from '../../../src/views/tell/fleet/spread.ts';
import { demoFleetPlan, stormOn } from '../../support/fleet/demo-fleet.ts';
import { named } from '../../support/fleet/demo-fleet-events.ts';
import { fleetPlanMarkdown, renderFleetPlan } from '../../support/views/drawn.ts';
import { sameAsFixture } from '../../support/views/golden.ts';

const WORDS = {
  command: 'firebreak run cron-mail-storm --inventory hosts.yaml',
  whole: (host: string) => `firebreak plan cron-mail-storm --inventory hosts.yaml --limit ${host}`,
  notes: ['at most 10 hosts at once instead of 50: rule night has fleet.at_once: 10'],
};

for (const columns of [80, 200]) {
  test(`the plan of 43 hosts on ${columns} columns`, () => {
    sameAsFixture(`views/fleet/plan-${columns}.txt`, renderFleetPlan(demoFleetPlan, { columns, ...WORDS }));
  });
}

test('the plan of 43 hosts as Markdown', () => {
  sameAsFixture('views/fleet/plan.md', fleetPlanMarkdown(demoFleetPlan, WORDS));
});

test('with --all every host is named', () => {
  const text = renderFleetPlan(demoFleetPlan, { columns: 80, all: true, ...WORDS });
  for (const { host } of demoFleetPlan.plans) assert.ok(text.includes(`${host} `) || text.includes(`${host}\n`), host);
});

test('colours change nothing but the colours', () => {
  const colored = renderFleetPlan(demoFleetPlan, { columns: 80, color: true, ...WORDS });
  assert.equal(stripVTControlCharacters(colored), renderFleetPlan(demoFleetPlan, { columns: 80, ...WORDS }));
});

test('the JSON has every host with its plan, and nothing that undo would keep', () => {
  const json = JSON.parse(JSON.stringify(tellReview(demoFleetPlan).record())) as JsonObject;
  assert.deepEqual(Object.keys(json).sort(), [
    'batches',
    'groups',
    'hosts',
    'notes',
    'params',
    'refusal',
    'runbook',
    'skipped',
    'strategy',
    'v',
  ]);
  const hosts = json.hosts as readonly JsonObject[];
  assert.deepEqual([hosts.length, hosts.at(-1)?.code, hosts[0]?.host], [43, 'host-key', 'web-1']);
  assert.ok(isObject(hosts[0]?.plan) && !JSON.stringify(hosts).includes('"keep"'));
});

test('the row that counts the groups', () => {
  const of = (
    ...kinds: readonly (readonly [kind: 'act' | 'not-this-incident' | 'refused' | 'unreachable', hosts: number])[]
  ) => groupsText(kinds.map(([kind, hosts]) => ({ kind, hosts: named('h', hosts), says: '', example: null })));
  assert.equal(
    of(['act', 37], ['act', 2], ['act', 1], ['not-this-incident', 2], ['unreachable', 1]),
    '37 hosts alike, 3 differ, 2 not this incident, 1 unreachable',
  );
  assert.equal(of(['act', 1]), '1 host alike');
  assert.equal(of(['refused', 2], ['refused', 1]), 'no host would be acted on, 3 refused');
});

const planFor = (hosts: readonly string[]): FleetPlan => {
  const plans = hosts.map((host, at) => ({ kind: 'plan', host, plan: stormOn(host, at) }) as const);
  return { ...demoFleetPlan, plans, groups: groupPlans(plans), batches: batchesOf(demoFleetPlan.strategy, hosts) };
};

test('the plan of 200 hosts is no longer than that of 20', () => {
  const lines = (hosts: number) =>
    renderFleetPlan(planFor(named('node-', hosts)), { columns: 80, ...WORDS }).split('\n').length;
  assert.ok(lines(200) <= lines(20) + 1, `${lines(200)} lines for 200 hosts, ${lines(20)} for 20`);
});

test('what would begin on no host says why, and neither batches nor a command', () => {
  const refusal = {
    outcome: 'refused-by-policy',
    reasons: ['rule night lets 5 hosts be changed a day, these are 40'],
  } as const;
  const text = renderFleetPlan(demoFleetPlan, { columns: 80, ...WORDS, refusal });
  assert.match(
    text,
    /\nA run would touch no host and exit 77: refused by policy\.\n {2}- rule night lets 5 hosts be changed a day, these are 40\nNothing was changed\.\n$/,
  );
  assert.doesNotMatch(text, /BATCHES|To run it/);
});

test('where a policy decides its rule is named, once', () => {
  const allowed = { effect: 'allow', reason: 'rule storm allows cron-mail-storm', rule: 'storm' } as const;
  const plans = demoFleetPlan.plans.map((one) => {
    if (one.kind !== 'plan') return one;
    const steps = one.plan.steps.map((step) => (step.kind === 'action' ? { ...step, decision: allowed } : step));
    return { ...one, plan: { ...one.plan, steps } };
  });
  const text = renderFleetPlan({ ...demoFleetPlan, plans, groups: groupPlans(plans) }, { columns: 80, ...WORDS });
  assert.match(text, /\ndecides {3}the policy, without asking: rule storm\n/);
  assert.equal(text.match(/rule storm/g)?.length, 1);
});

test('hostile names of hosts and hostile reasons are written out, and no line is wider than the paper', () => {
  const evil = ['\u001b[2Jweb', 'a\nb', '\u202egnp', 'x'.repeat(253)];
  const plan = planFor(evil);
  const reason = 'Permission denied\u001b]0;owned\u0007\nNothing was changed.';
  const away = { kind: 'unreachable', host: 'c\rd', code: 'auth', reason } as const;
  const plans = [...plan.plans, away];
  for (const columns of [40, 80]) {
    const text = renderFleetPlan(
      { ...plan, plans, groups: groupPlans(plans) },
      { columns, ...WORDS, all: columns === 40 },
    );
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.ok(text.includes('\\x1b[2Jweb') && text.includes('c\\rd'));
    assert.equal(text.match(/^Nothing was changed\.$/gm)?.length, 1);
    // A command to copy is never broken.
    const told = text.split('\n').filter((line) => !/firebreak (?:plan|run) /.test(line));
    for (const line of told) assert.ok(width(line) <= columns, `${columns}: ${line}`);
  }
});

// ---------------------------------------------------------------- names

/** Every name that a text of folds stands for. */
function unfold(text: string): readonly string[] {
  return text.split(', ').flatMap((fold) => {
    const [first = '', last] = fold.split(' … ');
    if (last === undefined) return [first];
    const [left, right] = [first.split(/(\d+)/), last.split(/(\d+)/)];
    const at = left.findIndex((part, index) => part !== right[index]);
    const wide = left[at]?.startsWith('0') ? left[at].length : 0;
    const names: string[] = [];
    for (let number = Number(left[at]); number <= Number(right[at]); number += 1)
      names.push(left.with(at, String(number).padStart(wide, '0')).join(''));
    return names;
  });
}

test('folded names stand for exactly the hosts that there are', () => {
  const part = fc.constantFrom('web-', 'db', '.eu', '-', '0', '00', '1', '7', '08', '9', '10', '11', '099', '100');
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const series = fc
    .tuple(name, fc.nat(120), fc.nat(12))
    .map(([prefix, from, count]) => Array.from({ length: count }, (_, at) => `${prefix}-${from + at}`));
  const hosts = fc.tuple(fc.array(name, { maxLength: 20 }), series, series).map((lists) => [...new Set(lists.flat())]);
  fc.assert(
    fc.property(hosts, (all) => {
      const folds = foldHosts(all);
      assert.deepEqual(
        [...unfold(folds.map(({ text }) => text).join(', '))].sort(),
        all.length === 0 ? [''] : [...all].sort(),
      );
      assert.equal(
        folds.reduce((sum, { count }) => sum + count, 0),
        all.length,
      );
    }),
  );
});

test('three that follow each other are folded, two are not; a leading zero is kept', () => {
  const fold = (...hosts: string[]) => foldHosts(hosts).map(({ text }) => text);
  assert.deepEqual(fold('web-10', 'web-9', 'web-8'), ['web-8 … web-10']);
  assert.deepEqual(fold('web-1', 'web-2'), ['web-1', 'web-2']);
  assert.deepEqual(fold('n08', 'n09', 'n10', 'n11'), ['n08 … n11']);
  assert.deepEqual(fold('n8', 'n09', 'n10'), ['n8', 'n09', 'n10']);
  assert.deepEqual(fold('a1.eu', 'a2.eu', 'a3.eu', 'a3.us'), ['a1.eu … a3.eu', 'a3.us']);
});

test('names that do not fit are counted', () => {
  const names = ['alpha', 'beta', 'gamma', 'delta', ...named('n', 9)];
  assert.equal(hostsText(names, 24), 'alpha, beta, … 11 more');
  assert.equal(hostsText(names, 80), 'alpha, beta, delta, gamma, n1 … n9');
});

// ---------------------------------------------------------------- counts

test('sentences that differ in counts alone become one with ranges', () => {
  assert.equal(spread(['kill 9 processes: 4 a', 'kill 5 processes: 4 a']), 'kill 5-9 processes: 4 a');
  assert.equal(spread(['kill 1 process', 'kill 12 processes']), 'kill 1-12 processes');
  assert.equal(
    spread(['delete 3 977 files (2.3 MiB) in /a', 'delete 1 file (512 B) in /a']),
    'delete 1-3 977 files (512 B-2.3 MiB) in /a',
  );
  assert.equal(spread(['stop cron', 'stop crond']), null);
  assert.equal(spread(['edit /etc/a1', 'edit /etc/a2']), null, 'the number of a path is no count');
  assert.equal(spread([]), null);
});

test('a range holds the counts of every host, whatever they are', () => {
  const counts = fc.array(fc.integer({ min: 2, max: 9_999_999 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(counts, (all) => {
      const show = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
      const [low, high] = [show(Math.min(...all)), show(Math.max(...all))];
      assert.equal(
        spread(all.map((count) => `kill ${show(count)} processes`)),
        `kill ${low === high ? low : `${low}-${high}`} processes`,
      );
    }),
  );
});

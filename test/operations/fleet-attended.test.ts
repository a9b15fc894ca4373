import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupPlans } from '../../src/model/fleet/groups.ts';
import type { FleetAsk } from '../../src/model/fleet/ports.ts';
import { type FakeFleet, fakeFleet, storyOf } from '../support/fleet/fake-fleet.ts';
import { cutHost } from '../support/hosts/cut-host.ts';
import { lookAround, pileUp } from '../support/hosts/fake-storm.ts';

/** Whoever is asked, remembered. */
function asking(answers: Partial<FleetAsk> = {}): { readonly ask: FleetAsk; readonly asked: string[] } {
  const asked: string[] = [];
  const yes = { choice: 'run', reason: null } as const;
  return {
    asked,
    ask: {
      approve: async (plan) => {
        asked.push(`approve ${plan.batches.map((batch) => batch.join(' ')).join(' | ')}`);
        return answers.approve?.(plan) ?? yes;
      },
      next: async (batch) => {
        asked.push(`next ${batch.batch} of ${batch.of}: ${batch.hosts.join(' ')}`);
        return answers.next?.(batch) ?? yes;
      },
      undo: async (undo) => {
        asked.push(`undo on ${undo.hosts.join(' ')}${undo.dangerous === null ? '' : ', dangerous'}`);
        return answers.undo?.(undo) ?? 'leave';
      },
      confirm: async ({ host, step }) => {
        asked.push(`confirm ${step} on ${host}`);
        return { done: false, reason: null };
      },
    },
  };
}

const touched = (fleet: FakeFleet): readonly string[] =>
  [...fleet.worlds].flatMap(([name, { log }]) => (log.length > 0 ? [name] : []));

test('a person approves the plan of all hosts once, and then each further batch; inside a host nothing is asked again', async () => {
  const { ask, asked } = asking();
  const fleet = fakeFleet({ hosts: 4, ask });
  assert.equal((await fleet.run()).outcome, 'held');
  assert.deepEqual(asked, ['approve web-1 | web-2 web-3 web-4', 'next 2 of 2: web-2 web-3 web-4']);
  const approvals = [...fleet.runs.values()].flatMap(({ events }) =>
    events.filter((event) => event.type === 'approval.given'),
  );
  assert.ok(approvals.length > 0);
  assert.ok(
    approvals.every(
      (event) =>
        event.type === 'approval.given' && event.by === 'ada' && event.reason === 'approved with the plan of the fleet',
    ),
  );
});

test('a plan that is not approved is run nowhere', async () => {
  const { ask } = asking({ approve: async () => ({ choice: 'quit', reason: null }) });
  const fleet = fakeFleet({ hosts: 3, ask });
  assert.deepEqual(await fleet.run(), { outcome: 'interrupted', reasons: ['ada did not approve the plan'] });
  assert.deepEqual(touched(fleet), []);
});

test('who ends it before a batch keeps what is done, and can go on with it later', async () => {
  const { ask } = asking({ next: async () => ({ choice: 'quit', reason: 'I want to look at it first' }) });
  const fleet = fakeFleet({ hosts: 3, ask });
  assert.deepEqual(await fleet.run(), { outcome: 'interrupted', reasons: ['I want to look at it first'] });
  assert.deepEqual(touched(fleet), ['web-1']);
  const later = asking();
  assert.equal((await fleet.resume(undefined, { hosts: 3, ask: later.ask })).outcome, 'held');
  assert.deepEqual(later.asked, ['approve web-2 web-3']);
});

test('a canary that recurred is undone, and what would bring the incident back only where the person says so', async () => {
  const { ask, asked } = asking();
  const fleet = fakeFleet({
    hosts: 3,
    ask,
    onEvent: (event, { worlds }) => {
      const world = worlds.get(event.host);
      if (event.type === 'watch.sampled' && world) pileUp(world);
    },
  });
  assert.equal((await fleet.run()).outcome, 'recurred');
  assert.deepEqual(asked, ['approve web-1 | web-2 web-3', 'undo on web-1, dangerous']);
  assert.deepEqual(touched(fleet), ['web-1']);
  assert.ok(storyOf(fleet.journal).includes('web-1 undone: interrupted'));
});

test('a rollback is approved once for all of its hosts, with what is dangerous named', async () => {
  const fleet = fakeFleet({ hosts: 3 });
  await fleet.run();
  const no = asking();
  assert.equal((await fleet.rollBack(undefined, { hosts: 3, ask: no.ask })).outcome, 'interrupted');
  assert.equal(
    [...fleet.worlds.values()].every((world) => lookAround(world).silenced === 1),
    true,
  );
  const yes = asking({ undo: async () => 'undo' });
  assert.equal((await fleet.rollBack(undefined, { hosts: 3, ask: yes.ask })).outcome, 'held');
  assert.deepEqual(yes.asked, ['undo on web-3 web-2 web-1, dangerous']);
  assert.equal(
    [...fleet.worlds.values()].every((world) => lookAround(world).silenced === 0),
    true,
  );
});

test('questions of hosts that work side by side come one at a time', async () => {
  let open = 0;
  let most = 0;
  const undo: FleetAsk['undo'] = async () => {
    open += 1;
    most = Math.max(most, open);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return 'leave';
  };
  const { ask, asked } = asking({ undo });
  const broken = fakeFleet({
    hosts: 4,
    ask,
    strategy: { batches: [{ kind: 'rest' }], failures: { kind: 'hosts', count: 4 } },
    reach: (host) => ({
      ...host,
      services: { ...host.services, start: async () => ({ ok: false, code: 'failed', message: 'it does not start' }) },
    }),
  });
  await broken.run();
  assert.ok(asked.filter((line) => line.startsWith('undo')).length > 1, asked.join('; '));
  assert.equal(most, 1);
});

// ---------------------------------------------------------------- what equal plans are

test('hosts with other crontabs differ by the step that would edit them; how many processes there are makes no difference', async () => {
  const fleet = fakeFleet({ hosts: 5, permit: async () => ({ outcome: 'over-limit', reason: 'looked at only' }) });
  const root = fleet.worlds.get('web-4')?.files.get('/var/spool/cron/crontabs/root');
  if (root) root.bytes = btoa('* * * * * /bin/echo other\n');
  const fewer = fleet.worlds.get('web-5');
  if (fewer) fewer.processes = fewer.processes.slice(0, -1);
  await fleet.run();
  const groups = groupPlans(fleet.plans[0]?.plans ?? []);
  assert.deepEqual(
    groups.map(({ says, hosts, example, kind }) => [kind, says, hosts, example]),
    [
      ['act', '4 hosts alike', ['web-1', 'web-2', 'web-3', 'web-5'], 'web-1'],
      ['act', '1 differs: in silence-jobs', ['web-4'], 'web-4'],
    ],
  );
});

test('a plan that is kept to be shown holds no list longer than a screen, and every count', async () => {
  const fleet = fakeFleet({ hosts: 1, permit: async () => ({ outcome: 'over-limit', reason: 'looked at only' }) });
  await fleet.run();
  const [found] = fleet.plans[0]?.plans ?? [];
  assert.equal(found?.kind, 'plan');
  if (found?.kind !== 'plan') return;
  const deletes = found.plan.steps.find((step) => step.kind === 'action' && step.verb === 'delete');
  assert.equal(deletes?.kind === 'action' && deletes.observation?.targets.count, 1000);
  assert.ok(JSON.stringify(found).length < 60_000, `${JSON.stringify(found).length} characters`);
});

test('a host that is lost while it is looked at is unreachable, whatever its probes made of that', async () => {
  const fleet = fakeFleet({
    hosts: 2,
    reach: (host) => (host.name === 'web-2' ? cutHost(host, { at: 3, done: false, heals: true }).host : host),
    permit: async () => ({ outcome: 'over-limit', reason: 'looked at only' }),
  });
  await fleet.run();
  assert.deepEqual(
    fleet.plans[0]?.groups.map(({ kind, hosts }) => [kind, hosts]),
    [
      ['act', ['web-1']],
      ['unreachable', ['web-2']],
    ],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFleetEvent } from '../../src/model/fleet/ports.ts';
import { type FakeFleet, fakeFleet, storyOf } from '../support/fleet/fake-fleet.ts';
import { cutHost } from '../support/hosts/cut-host.ts';
import { HEALED, lookAround, pileUp } from '../support/hosts/fake-storm.ts';

const sizes = (...counts: readonly number[]) => [
  ...counts.map((count) => ({ kind: 'hosts', count }) as const),
  { kind: 'rest' } as const,
];

/** What was done to each host, leases left out; a host that nobody touched is not in it. */
function touched(fleet: FakeFleet): Readonly<Record<string, number>> {
  const acts = [...fleet.worlds].map(
    ([name, { log }]) => [name, log.filter((line) => !/^(arm|release) /.test(line)).length] as const,
  );
  return Object.fromEntries(acts.filter(([, count]) => count > 0));
}

const healed = (fleet: FakeFleet): readonly string[] =>
  [...fleet.worlds].flatMap(([name, world]) =>
    JSON.stringify(lookAround(world)) === JSON.stringify(HEALED) ? [name] : [],
  );

test('a fleet in the storm: all are planned, the canary is healed, then the rest, batch by batch', async () => {
  const fleet = fakeFleet({ hosts: 6, strategy: { batches: sizes(1, 3), atOnce: 2 } });
  assert.deepEqual(await fleet.run(), { outcome: 'held', reasons: [] });
  assert.deepEqual(healed(fleet), ['web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6']);
  const story = storyOf(fleet.journal);
  assert.deepEqual(
    story.filter((line) => !/^(begin|web)/.test(line)),
    [
      '6 hosts alike',
      'batch 1 of 3: web-1',
      'batch 2 of 3: web-2 web-3',
      'batch 3 of 3: web-4 web-5 web-6',
      'ended held',
    ],
  );
  assert.equal(fleet.most(), 2);
});

test('nothing is touched before every host is planned, and no batch begins before all of the one before have been verified', async () => {
  const untouched: boolean[] = [];
  const open = new Map<string, boolean>();
  const early: string[] = [];
  const fleet = fakeFleet({
    hosts: 5,
    strategy: { batches: sizes(1, 3) },
    onEvent: (event, { worlds }) => {
      if (event.type === 'fleet.planned') untouched.push([...worlds.values()].every(({ log }) => log.length === 0));
      if (event.type === 'batch.started' && [...open.values()].includes(true)) early.push(`batch ${event.batch}`);
      if (event.type === 'host.started') open.set(event.host, true);
      if (event.type === 'watch.judged' && event.verdict === 'held') open.set(event.host, false);
    },
  });
  await fleet.run();
  assert.deepEqual(untouched, [true]);
  assert.deepEqual(early, []);
  assert.equal(open.size, 5);
});

test('a host is in the journal as begun before it is touched', async () => {
  const late: string[] = [];
  const begun = new Set<string>();
  const fleet = fakeFleet({
    hosts: 3,
    onEvent: (event, { worlds }) => {
      if (event.type === 'host.started') begun.add(event.host);
      for (const [name, { log }] of worlds) if (log.length > 0 && !begun.has(name)) late.push(name);
    },
  });
  await fleet.run();
  assert.deepEqual(late, []);
  assert.equal(begun.size, 3);
});

test('a canary that does not hold: no second host is begun, and what was done on it is undone', async () => {
  const fleet = fakeFleet({
    hosts: 4,
    strategy: { failures: { kind: 'hosts', count: 3 } },
    onEvent: (event, { worlds }) => {
      const world = worlds.get(event.host);
      if (event.type === 'watch.sampled' && world) pileUp(world);
    },
  });
  const ending = await fleet.run();
  assert.equal(ending.outcome, 'recurred');
  assert.match(ending.reasons[0] ?? '', /^the canary web-1 did not hold: /);
  const story = storyOf(fleet.journal);
  assert.deepEqual(
    story.filter((line) => !line.startsWith('stopped')),
    [
      '4 hosts alike',
      'batch 1 of 2: web-1',
      'begin web-1',
      'web-1 recurred',
      'begin web-1',
      'web-1 undone: rolled-back',
      'failed: web-1',
      'ended recurred',
    ],
  );
  assert.match(story.find((line) => line.startsWith('stopped')) ?? '', /; not begun: web-2 web-3 web-4$/);
  assert.deepEqual(Object.keys(touched(fleet)), ['web-1']);
  const canary = fleet.worlds.get('web-1');
  assert.equal(canary && lookAround(canary).silenced, 0);
});

test('a canary whose undo the policy forbids is left as it is, and still no second host is begun', async () => {
  const fleet = fakeFleet({
    hosts: 3,
    rule: { undo: 'none' },
    onEvent: (event, { worlds }) => {
      const world = worlds.get(event.host);
      if (event.type === 'watch.sampled' && world) pileUp(world);
    },
  });
  assert.equal((await fleet.run()).outcome, 'recurred');
  assert.deepEqual(Object.keys(touched(fleet)), ['web-1']);
  assert.ok(storyOf(fleet.journal).includes('web-1 undone: refused-by-policy'));
});

/** The host of that name is lost at work, at the third write on it: the first time it is reached it is planned. */
const losing = (lost: string) => (host: Parameters<typeof cutHost>[0], _world: unknown, times: number) =>
  host.name === lost && times > 1 ? cutHost(host, { at: { write: 3 }, done: false, heals: false }).host : host;

test('a host that is lost at work is named with an unknown outcome, and no further host is begun', async () => {
  const fleet = fakeFleet({ hosts: 5, strategy: { batches: sizes(1, 3), atOnce: 1 }, reach: losing('web-2') });
  const ending = await fleet.run();
  assert.equal(ending.outcome, 'outcome-unknown');
  assert.match(ending.reasons[1] ?? '', /^web-2: outcome unknown: .*web-2/);
  assert.equal(ending.reasons[0], '1 host failed (web-2), and none may');
  assert.deepEqual(Object.keys(touched(fleet)), ['web-1', 'web-2']);
  assert.deepEqual(fleet.state().stopped?.notBegun, ['web-3', 'web-4', 'web-5']);
});

test('hosts may fail up to the strategy’s number: the rest goes on, and the end is the worst of all', async () => {
  const fleet = fakeFleet({ hosts: 5, strategy: { failures: { kind: 'hosts', count: 1 } }, reach: losing('web-2') });
  assert.equal((await fleet.run()).outcome, 'outcome-unknown');
  assert.deepEqual(healed(fleet), ['web-1', 'web-3', 'web-4', 'web-5']);
  assert.equal(fleet.state().stopped, null);
});

test('a canary that was lost proves nothing: another host takes its place before the rest', async () => {
  const fleet = fakeFleet({ hosts: 4, strategy: { failures: { kind: 'hosts', count: 1 } }, reach: losing('web-1') });
  await fleet.run();
  assert.deepEqual(
    storyOf(fleet.journal).filter((line) => line.startsWith('batch')),
    ['batch 1 of 2: web-1', 'batch 2 of 3: web-2', 'batch 3 of 3: web-3 web-4'],
  );
  assert.deepEqual(healed(fleet), ['web-2', 'web-3', 'web-4']);
});

test('a host that cannot be reached while all are planned is left out by name, counts in the end, and not against what may fail', async () => {
  const fleet = fakeFleet({ hosts: 4, reach: (host) => (host.name === 'web-1' ? null : host) });
  assert.deepEqual(await fleet.run(), {
    outcome: 'outcome-unknown',
    reasons: ['web-1: outcome unknown: web-1 cannot be reached: Connection timed out'],
  });
  assert.deepEqual(healed(fleet), ['web-2', 'web-3', 'web-4']);
  assert.equal(
    storyOf(fleet.journal)[0],
    '3 hosts alike, 1 unreachable: web-1 cannot be reached: Connection timed out',
  );
});

test('where it is not this incident nothing is done, and that is no failure', async () => {
  const fleet = fakeFleet({ hosts: 4 });
  for (const name of ['web-1', 'web-3']) {
    const world = fleet.worlds.get(name);
    if (world) for (const path of world.files.keys()) if (path.includes('/maildrop/')) world.files.delete(path);
  }
  assert.deepEqual(await fleet.run(), { outcome: 'not-this-incident', reasons: [] });
  assert.deepEqual(healed(fleet), ['web-2', 'web-4']);
  assert.deepEqual(Object.keys(touched(fleet)), ['web-2', 'web-4']);
  assert.equal(storyOf(fleet.journal)[0], '2 hosts alike, 2 not this incident');
});

test('what was planned is what runs: a host on which something to be edited was changed meanwhile is not touched', async () => {
  const fleet = fakeFleet({
    hosts: 4,
    strategy: { failures: { kind: 'hosts', count: 1 } },
    onEvent: (event, { worlds }) => {
      const root = worlds.get('web-3')?.files.get('/var/spool/cron/crontabs/root');
      if (event.type === 'fleet.planned' && root) root.bytes = btoa('* * * * * /bin/echo something else\n');
    },
  });
  const ending = await fleet.run();
  assert.equal(ending.outcome, 'plan-mismatch');
  assert.match(ending.reasons[0] ?? '', /^web-3: plan mismatch: file \/var\/spool\/cron\/crontabs\/root: then sha256 /);
  assert.deepEqual(Object.keys(touched(fleet)), ['web-1', 'web-2', 'web-4']);
});

test('a host that the policy does not name is refused by itself, and the others go on', async () => {
  const fleet = fakeFleet({ hosts: 3, rule: { hosts: ['web-1', 'web-3'] } });
  assert.equal((await fleet.run()).outcome, 'refused-by-policy');
  assert.deepEqual(healed(fleet), ['web-1', 'web-3']);
  assert.deepEqual(Object.keys(touched(fleet)), ['web-1', 'web-3']);
});

test('what the policy says of the whole fleet is asked once all are planned, and before any is touched', async () => {
  const asked: string[][] = [];
  const fleet = fakeFleet({
    hosts: 3,
    reach: (host) => (host.name === 'web-2' ? null : host),
    permit: async (acting) => {
      asked.push(acting.map(({ name }) => name));
      return { outcome: 'over-limit', reason: 'this would change 2 hosts; rule storm allows 1 host a day' };
    },
  });
  const ending = await fleet.run();
  assert.deepEqual(asked, [['web-1', 'web-3']]);
  assert.equal(ending.reasons[0], 'this would change 2 hosts; rule storm allows 1 host a day; nothing was touched');
  assert.deepEqual(touched(fleet), {});
  assert.deepEqual(fleet.state().stopped?.notBegun, ['web-1', 'web-3']);
});

test('a host with another run on it is not touched, and counts as failed', async () => {
  const fleet = fakeFleet({ hosts: 3, locked: ['web-2'], strategy: { failures: { kind: 'hosts', count: 1 } } });
  assert.deepEqual(await fleet.run(), { outcome: 'locked', reasons: ['web-2: locked: another run holds web-2'] });
  assert.deepEqual(healed(fleet), ['web-1', 'web-3']);
});

test('the kill switch lets no further host begin', async () => {
  let set = false;
  const fleet = fakeFleet({
    hosts: 3,
    stop: () => (set ? 'the kill switch is set' : null),
    onEvent: (event) => {
      if (event.type === 'host.finished') set = true;
    },
  });
  assert.deepEqual(await fleet.run(), { outcome: 'interrupted', reasons: ['the kill switch is set'] });
  assert.deepEqual(healed(fleet), ['web-1']);
  assert.deepEqual(fleet.state().stopped?.notBegun, ['web-2', 'web-3']);
});

test('without a fleet journal no host is begun any more; the ones at work come to their end, and keep their own', async () => {
  let broken = false;
  const fleet = fakeFleet({
    hosts: 5,
    strategy: { batches: sizes(2), atOnce: 2 },
    onAppend: (event) => {
      if (isFleetEvent(event) && event.type === 'host.finished') broken = true;
      if (broken && isFleetEvent(event)) throw new Error('ENOSPC');
    },
  });
  await assert.rejects(fleet.run(), { name: 'JournalError' });
  assert.deepEqual(healed(fleet), ['web-1', 'web-2']);
  assert.deepEqual(Object.keys(touched(fleet)), ['web-1', 'web-2']);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type Fleet, fleet, until } from '../../support/fleet/fleet.ts';
import { doings, filesOf, fillSpool, giveSpools, quietLogins } from '../../support/fleet/fleet-files.ts';
import { endsOf, exits, FIXTURES, type Operator, operatorOf, outcomesOf } from '../../support/fleet/fleet-operator.ts';

/** Hosts that are lost before, in the middle of, and after an action; and a canary on which it does not hold. */
const LIMIT = { timeout: 300_000 };
const FILES = 60;
let hosts: Fleet;
let operator: Operator;
before(async () => {
  hosts = await fleet({ hosts: 3 });
  await giveSpools(hosts);
  await quietLogins(hosts);
});
beforeEach(async () => {
  operator = operatorOf(hosts);
  // Also what a test that failed has left dead.
  await Promise.all(hosts.hosts.map((host) => hosts.start(host)));
  await Promise.all(hosts.hosts.map((host) => fillSpool(hosts, host, FILES)));
});
afterEach(() => operator.close());
after(() => hosts.close());

const stateOf = async (host: string) =>
  (await hosts.on(host, 'cat /etc/fleet.conf; ls /srv/spool | wc -l')).trim().replace('\n', ' ');
const WILD = `mode=wild ${FILES}`;
const CALM = 'mode=calm 0';

const run = (...more: readonly string[]) => [
  ...['run', join(FIXTURES, 'fleet-spool.yaml'), '--inventory', hosts.inventory, '--ssh-config', hosts.sshConfig],
  ...['--unattended', '--policy', join(FIXTURES, 'policy.yaml'), '--output', 'ndjson', ...more],
];
const resume = () => ['resume', '--unattended', '--policy', join(FIXTURES, 'policy.yaml'), '--output', 'ndjson'];

test(
  'a host that is down before the run is named, the others are helped, and resume helps it when it is back',
  LIMIT,
  async () => {
    await hosts.kill('host2');
    const ran = await operator.fire(...run());
    exits(ran, 10);
    assert.deepEqual(outcomesOf(ran), { host1: 'held', host2: 'outcome-unknown', host3: 'held' });
    assert.match(endsOf(ran).host2?.reasons.join('; ') ?? '', /host2/);
    await hosts.start('host2');
    assert.equal(await stateOf('host2'), WILD);
    exits(await operator.fire(...resume()), 0);
    assert.deepEqual(await Promise.all(hosts.hosts.map(stateOf)), [CALM, CALM, CALM]);
  },
);

for (const [failures, rest] of [
  ['0', 'nobody after it is begun'],
  ['1', 'the rest goes on'],
] as const)
  test(
    `a host that dies after the plan has failed: with --max-failures ${failures} ${rest}; resume does them when it is back`,
    LIMIT,
    async () => {
      const going = operator.start(...run('--at-once', '1', '--max-failures', failures, '--param', 'watch=4s'));
      await going.saw((event) => event.host === 'host1' && event.type === 'watch.sampled');
      await hosts.kill('host2');
      const ran = await going.over;
      exits(ran, 10);
      assert.equal(endsOf(ran).host2?.outcome, 'outcome-unknown');
      assert.match(endsOf(ran).host2?.reasons.join('; ') ?? '', /host2/);
      await hosts.start('host2');
      assert.deepEqual(await Promise.all(hosts.hosts.map(stateOf)), [CALM, WILD, failures === '0' ? WILD : CALM]);
      exits(await operator.fire(...resume()), 0);
      assert.deepEqual(await Promise.all(hosts.hosts.map(stateOf)), [CALM, CALM, CALM]);
    },
  );

test(
  'a host that dies in the middle of a deletion: its outcome is unknown, nobody after it is begun, resume asks it and finishes',
  LIMIT,
  async () => {
    await fillSpool(hosts, 'host1', 300_000);
    const going = operator.start(...run());
    await going.saw((event) => event.host === 'host1' && event.type === 'action.intended' && event.step === 'empty');
    await hosts.kill('host1');
    const ran = await going.over;
    exits(ran, 10);
    assert.equal(endsOf(ran).host1?.outcome, 'outcome-unknown');
    assert.match(endsOf(ran).host1?.reasons.join('; ') ?? '', /host1/);
    await hosts.start('host1');
    const left = Number((await stateOf('host1')).split(' ')[1]);
    assert.ok(left > 0 && left <= 300_000, `${left} are left: the deletion was over`);
    assert.deepEqual([await stateOf('host2'), await stateOf('host3')], [WILD, WILD]);
    exits(await operator.fire(...resume()), 0);
    assert.deepEqual(await Promise.all(hosts.hosts.map(stateOf)), [CALM, CALM, CALM]);
  },
);

test(
  'a host that dies while it is watched: its outcome is unknown, the rest goes on as the strategy allows, resume watches it again',
  LIMIT,
  async () => {
    const going = operator.start(...run('--batches', 'rest', '--max-failures', '1', '--param', 'watch=6s'));
    await going.saw((event) => event.host === 'host3' && event.type === 'watch.sampled');
    await hosts.kill('host3');
    const ran = await going.over;
    exits(ran, 10);
    assert.deepEqual(outcomesOf(ran), { host1: 'held', host2: 'held', host3: 'outcome-unknown' });
    await hosts.start('host3');
    const resumed = await operator.fire(...resume());
    exits(resumed, 0);
    assert.deepEqual(outcomesOf(resumed), { host3: 'held' });
  },
);

test('a host whose line is cut without a word is found out, and is not waited for without end', LIMIT, async () => {
  const going = operator.start(...run('--batches', 'rest', '--max-failures', '1', '--param', 'watch=6s'));
  await going.saw((event) => event.host === 'host2' && event.type === 'watch.sampled');
  await hosts.run(['ip', 'link', 'set', 'v2', 'down']);
  try {
    const ran = await going.over;
    exits(ran, 10);
    assert.deepEqual(outcomesOf(ran), { host1: 'held', host2: 'outcome-unknown', host3: 'held' });
  } finally {
    await hosts.run(['ip', 'link', 'set', 'v2', 'up']);
  }
  exits(await operator.fire(...resume()), 0);
});

test(
  'a canary on which it does not hold: exit 4, no second host is touched, the canary is rolled back',
  LIMIT,
  async () => {
    const files = filesOf(hosts, 'host2');
    // What comes a second after the spool was emptied breaks no deletion, but the watch.
    const refill = 'while sleep 1; do [ -n "$(ls /srv/spool)" ] || { sleep 1; : >/srv/spool/new; }; done';
    await hosts.on('host1', `systemd-run -q --unit refill sh -c '${refill}'`);
    const ran = await operator.fire(...run('--param', 'watch=6s'));
    await hosts.on('host1', 'systemctl stop refill');
    exits(ran, 4);
    assert.equal(endsOf(ran).host1?.outcome, 'recurred');
    assert.equal((await stateOf('host1')).split(' ')[0], 'mode=wild');
    assert.deepEqual(doings(files, filesOf(hosts, 'host2')), []);
    assert.equal(await stateOf('host3'), WILD);
  },
);

test(
  'the engine is killed between two batches: resume does the rest, and does not do again what is done',
  LIMIT,
  async () => {
    const going = operator.start(...run('--param', 'watch=3s'));
    await going.saw((event) => event.type === 'batch.finished');
    going.process.kill('SIGKILL');
    await going.over;
    await until(
      'the killed engine is gone',
      () => going.process.exitCode !== null || going.process.signalCode !== null,
    );
    await hosts.on('host1', 'echo mode=changed-since >/etc/fleet.conf');
    exits(await operator.fire(...resume()), 0);
    assert.deepEqual(await Promise.all(hosts.hosts.map(stateOf)), ['mode=changed-since 0', CALM, CALM]);
  },
);

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { readJournal } from '../../../src/journal/read.ts';
import { type Fleet, fleet, until } from '../../support/fleet/fleet.ts';
import { exits, FIXTURES, type Operator, operatorOf, outcomesOf } from '../../support/fleet/fleet-operator.ts';
import { quicken } from '../../support/fleet/fleet-storm.ts';

/** The laptop is gone while cron is stopped on the hosts: each starts its own again by the deadline. */
const LIMIT = { timeout: 300_000 };
let hosts: Fleet;
let operator: Operator;
before(async () => {
  hosts = await fleet({ hosts: 3 });
  await Promise.all(hosts.hosts.map((host) => quicken(hosts, host)));
  operator = operatorOf(hosts);
});
after(async () => {
  operator.close();
  await hosts.close();
});

const active = async (host: string) => (await hosts.on(host, 'systemctl is-active cron || true')).trim();
const policy = ['--unattended', '--policy', join(FIXTURES, 'policy.yaml'), '--output', 'ndjson'];

test(
  'killed -9 while cron is stopped on three hosts: cron runs again on each by its deadline, and resume finishes',
  LIMIT,
  async () => {
    const going = operator.start(
      ...[
        'run',
        join(FIXTURES, 'fleet-pause.yaml'),
        '--inventory',
        hosts.inventory,
        '--ssh-config',
        hosts.sshConfig,
        ...policy,
      ],
      ...['--batches', 'rest', '--param', 'pause=8s'],
    );
    for (const host of hosts.hosts)
      await going.saw((event) => event.host === host && event.type === 'step.started' && event.step === 'stay');
    going.process.kill('SIGKILL');
    await going.over;
    assert.deepEqual(await Promise.all(hosts.hosts.map(active)), ['inactive', 'inactive', 'inactive']);
    const deadlines = deadlinesIn(join(operator.folder, 'state'));
    assert.deepEqual([...deadlines.keys()].toSorted(), hosts.hosts);
    for (const host of hosts.hosts) {
      await until(`cron runs on ${host}`, async () => (await active(host)) === 'active');
      const started =
        Number(await hosts.on(host, 'systemctl show -p ActiveEnterTimestampMonotonic --value cron')) / 1000;
      const late = started - (deadlines.get(host) ?? 0);
      console.log(`# cron was started on ${host} ${Math.round(late)} ms after the deadline`);
      assert.ok(late >= 0 && late < 1500, `${host}: ${late} ms late`);
    }
    const resumed = await operator.fire('resume', ...policy);
    exits(resumed, 0);
    assert.deepEqual(outcomesOf(resumed), { host1: 'held', host2: 'held', host3: 'held' });
    assert.deepEqual(await Promise.all(hosts.hosts.map(active)), ['active', 'active', 'active']);
    for (const host of hosts.hosts)
      assert.equal(await hosts.on(host, "systemctl list-units --all --plain --no-legend 'firebreak-*'"), '');
  },
);

/** Of each host's lease, on its own clock since boot. */
function deadlinesIn(state: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const runs = globSync(join(state, '**/journal.ndjson')).map((file) => readJournal(dirname(file)));
  for (const run of runs)
    for (const event of run.ok ? run.events : run.before)
      if (event.type === 'lease.armed' || event.type === 'lease.renewed')
        found.set(event.host, event.deadline?.uptime ?? 0);
  return found;
}

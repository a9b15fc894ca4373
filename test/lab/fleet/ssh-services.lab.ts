import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type SshHost, sshHost } from '../../../src/hosts/ssh.ts';
import type { Json } from '../../../src/model/json.ts';
import { type Fleet, fleet, until } from '../../support/fleet/fleet.ts';

/** systemd's own services and both kinds of leases, over OpenSSH, as root and with sudo. */
let lab: Fleet;
let holder: ChildProcess;
const folder = mkdtempSync('/tmp/firebreak-ssh-services-');
const open: SshHost[] = [];
const PATIENT = { timeout: 20_000 };
const LIMIT = { timeout: 120_000 };

/** A daemon that no unit knows: it is its script's, and in nobody's cgroup. */
const SCRIPT = `#!/bin/sh
PIDFILE=/run/little.pid
DAEMON=/usr/local/bin/little
case "$1" in
start) start-stop-daemon --start --background --make-pidfile --pidfile $PIDFILE --exec $DAEMON -- 1000 ;;
stop) start-stop-daemon --stop --pidfile $PIDFILE; rm -f $PIDFILE ;;
esac
`;

before(async () => {
  lab = await fleet({ hosts: 1 });
  // Only where the host can be reached: this process is not there, but the ssh that it finds is.
  holder = lab.spawn(['sleep', '1000']);
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec nsenter -t ${holder.pid} -n -- /usr/bin/ssh "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(join(lab.rootOf('host1'), 'opt/little'), SCRIPT, { mode: 0o755 });
  await lab.on('host1', 'cp /bin/sleep /usr/local/bin/little');
});
after(async () => {
  await Promise.all(open.map(({ remote }) => remote.close()));
  holder.kill();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

function life(user: string): SshHost {
  const target = {
    name: 'host1',
    address: null,
    port: null,
    user,
    identity: null,
    groups: [],
    labels: {},
    become: user !== 'root',
  };
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const host = sshHost(target, { config: lab.sshConfig, become: false, password: async () => 'oncall', uid: 0, env });
  open.push(host);
  return host;
}

for (const user of ['root', 'oncall']) {
  test(`${user} sees what systemd runs, stops cron and starts it again`, LIMIT, async () => {
    const { services } = life(user).host;
    const brief = async (name: string) => {
      const { exists, state, enabled, pid, manager } = await services.state(name);
      return [exists, state, enabled, pid !== null, manager];
    };
    assert.deepEqual(await brief('cron'), [true, 'running', true, true, 'systemd']);
    assert.deepEqual(await brief('postfix'), [true, 'stopped', false, false, 'systemd']);
    assert.deepEqual(await brief('crond'), [false, 'unknown', null, false, 'systemd']);
    assert.deepEqual(await brief('dbus'), [true, 'running', null, true, 'systemd']);
    const { pid, since } = await services.state('cron');
    const stopped = await services.stop('cron', PATIENT);
    assert.ok(stopped.ok && stopped.state.state === 'stopped', JSON.stringify(stopped));
    assert.equal(await lab.on('host1', `test -e /proc/${pid}/exe || echo gone`), 'gone\n');
    const started = await services.start('cron', PATIENT);
    assert.ok(started.ok && started.state.pid !== null && started.state.pid !== pid, JSON.stringify(started));
    assert.ok((started.state.since ?? 0) >= (since ?? 0));
    assert.match(await lab.on('host1', `cat /proc/${started.state.pid}/status`), /^Umask:\t0022$/m);
  });

  test(`${user} stops postfix, whose unit is /bin/true and whose daemon is an instance`, LIMIT, async () => {
    const { services } = life(user).host;
    const started = await services.start('postfix', PATIENT);
    assert.ok(started.ok, JSON.stringify(started));
    assert.equal(Number(await lab.on('host1', 'cat /var/spool/postfix/pid/master.pid')), started.state.pid);
    const stopped = await services.stop('postfix', PATIENT);
    assert.ok(stopped.ok && stopped.state.state === 'stopped', JSON.stringify(stopped));
  });

  test(
    `a timer that ${user} armed starts cron although the connection is gone; another life finds it fired`,
    LIMIT,
    async () => {
      const one = life(user);
      assert.ok((await one.host.services.stop('cron', PATIENT)).ok);
      const armed = await one.host.services.arm({ id: `lab-${user}`, service: 'cron', within: 2000 });
      assert.ok(armed.ok, JSON.stringify(armed));
      assert.deepEqual(await one.host.services.armed(`lab-${user}`), { ok: true, handles: [armed.handle] });
      await one.remote.close();
      await until(
        'cron runs again',
        async () => (await lab.on('host1', 'systemctl is-active cron || true')) === 'active\n',
      );
      const { services } = life(user).host;
      assert.deepEqual(await services.release(armed.handle), { ok: true, state: 'gone' });
      assert.deepEqual(await services.armed(`lab-${user}`), { ok: true, handles: [] });
    },
  );

  test(
    `a watchdog that ${user} armed ignores no signal and lives on although all of sshd is killed`,
    LIMIT,
    async () => {
      const one = life(user);
      const armed = await one.host.services.arm({ id: `dog-${user}`, service: '/opt/little', within: 6000 });
      assert.ok(armed.ok, JSON.stringify(armed));
      const { pid } = armed.handle as { readonly pid: number } & Json;
      const status = await lab.on('host1', `cat /proc/${pid}/status /proc/${pid}/cgroup`);
      assert.match(status, /^SigIgn:\t0+$/m);
      assert.match(status, /^0::\/system\.slice\/run-\w+\.scope$/m);
      await lab.on(
        'host1',
        'systemd-run --quiet --on-active=200ms --timer-property=AccuracySec=10ms systemctl kill --signal=KILL ssh',
      );
      await until('sshd is there again', async () => (await life(user).connect()).ok);
      const { services } = life(user).host;
      await until('the daemon runs', async () => (await services.state('/opt/little')).state === 'running');
      assert.deepEqual(await services.release(armed.handle), { ok: true, state: 'gone' });
      assert.ok((await services.stop('/opt/little', PATIENT)).ok);
      const kept = await services.arm({ id: `dog-${user}`, service: '/opt/little', within: 60_000 });
      assert.ok(kept.ok);
      assert.deepEqual(await life(user).host.services.release(kept.handle), { ok: true, state: 'released' });
      assert.equal(await lab.on('host1', "systemctl list-units --all --plain --no-legend 'run-*.scope'"), '');
    },
  );
}

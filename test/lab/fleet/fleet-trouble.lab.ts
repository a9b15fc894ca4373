import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Fleet, fleet } from '../../support/fleet/fleet.ts';
import { fillSpool, giveSpools } from '../../support/fleet/fleet-files.ts';
import { endsOf, exits, FIXTURES, type Operator, operatorOf, outcomesOf } from '../../support/fleet/fleet-operator.ts';

/**
 * Each of the ways in which a host cannot be worked on, in one fleet run: each is told apart, and keeps nobody else
 * from being helped.
 */
const LIMIT = { timeout: 300_000 };
let hosts: Fleet;
let operator: Operator;
let full: string;
before(async () => {
  hosts = await fleet({ hosts: 6 });
  operator = operatorOf(hosts);
  await giveSpools(hosts);
  await Promise.all(hosts.hosts.map((host) => fillSpool(hosts, host, 60)));
  writeFileSync(join(operator.folder, 'password'), 'not-it\n', { mode: 0o600 });
  await hosts.kill('host4');
  full = fullOfProcesses(hosts.initOf('host5'));
  await hosts.on('host6', `echo 'oncall hard nproc 1' >/etc/security/limits.d/oncall.conf`);
});
after(async () => {
  operator.close();
  await hosts.close();
  rmdirSync(full);
});

/** The host's sshd, and whatever it starts, may fork so often that a login has a shell, and the shell nothing more. */
function fullOfProcesses(init: number): string {
  const sshd = execFileSync('pgrep', ['-P', String(init), '-x', 'sshd'], { encoding: 'utf8' }).trim();
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const folder = join(unified ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids', `fleet-full-${process.pid}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'cgroup.procs'), sshd);
  writeFileSync(join(folder, 'pids.max'), '3');
  return folder;
}

/** As an operator's files would have it: one host's key is another one since, two are reached as oncall. */
function selection(): readonly string[] {
  const config = readFileSync(hosts.sshConfig, 'utf8');
  const [, known = ''] = /UserKnownHostsFile (.*)/.exec(config) ?? [];
  const mine = join(operator.folder, 'known_hosts');
  const other = join(operator.folder, 'other');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
  const [type = '', key = ''] = readFileSync(`${other}.pub`, 'utf8').split(' ');
  const [, address = ''] = /Host host2\n\s*HostName (.*)/.exec(config) ?? [];
  const lines = readFileSync(known, 'utf8').split('\n');
  writeFileSync(
    mine,
    lines.map((line) => (line.startsWith(`${address} `) ? `${address} ${type} ${key}` : line)).join('\n'),
  );
  writeFileSync(join(operator.folder, 'ssh_config'), config.replace(known, mine));
  const oncall = '{ansible_user: oncall, ansible_become: true}';
  writeFileSync(
    join(operator.folder, 'inventory.yaml'),
    `all:\n  hosts:\n    host1:\n    host2:\n    host3: ${oncall}\n    host4:\n    host5:\n    host6: ${oncall}\n    nowhere: {ansible_host: 10.77.99.99}\n`,
  );
  return ['--inventory', join(operator.folder, 'inventory.yaml'), '--ssh-config', join(operator.folder, 'ssh_config')];
}

test(
  'a changed key, a wrong sudo password, no sshd, no process slot, nobody there: each its own line, and who is well is helped',
  LIMIT,
  async () => {
    const args = [
      ...[...selection(), '--become-password', `file:${join(operator.folder, 'password')}`],
      ...['--unattended', '--policy', join(FIXTURES, 'policy.yaml')],
    ];
    const ran = await operator.fire(
      'run',
      join(FIXTURES, 'fleet-spool.yaml'),
      ...args,
      '--max-failures',
      '6',
      '--output',
      'ndjson',
    );
    exits(ran, 10);
    const { host1, ...others } = outcomesOf(ran);
    assert.equal(host1, 'held');
    assert.deepEqual(Object.keys(others), ['host2', 'host3', 'host4', 'host5', 'host6', 'nowhere']);
    const said = Object.fromEntries(Object.entries(endsOf(ran)).map(([host, end]) => [host, end.reasons.join('; ')]));
    assert.match(said.host2 ?? '', /the key of host2 has changed/);
    assert.match(said.host3 ?? '', /sudo refused the password of oncall/);
    assert.match(said.host4 ?? '', /nothing answers on its ssh port/);
    assert.match(said.host5 ?? '', /process/);
    assert.match(said.host6 ?? '', /process/);
    assert.match(said.nowhere ?? '', /there is no way to nowhere/);
    for (const host of ['host2', 'host3', 'host6'])
      assert.equal(readFileSync(join(hosts.rootOf(host), 'etc/fleet.conf'), 'utf8'), 'mode=wild\n', host);
  },
);
